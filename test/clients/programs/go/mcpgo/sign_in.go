package main

import (
	"context"

	"clients/commands"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
)

// signIn registers the client, and exchanges the code of the sign-in page for a token.
func signIn(ctx context.Context, handler *transport.OAuthHandler) error {
	verifier, err := client.GenerateCodeVerifier()
	if err != nil {
		return err
	}
	state, err := client.GenerateState()
	if err != nil {
		return err
	}
	if err := handler.RegisterClient(ctx, "clients"); err != nil {
		return err
	}
	address, err := handler.GetAuthorizationURL(ctx, state, client.GenerateCodeChallenge(verifier))
	if err != nil {
		return err
	}
	received, err := commands.OpenPage(address)
	if err != nil {
		return err
	}
	return handler.ProcessAuthorizationResponse(ctx, received.Get("code"), received.Get("state"), verifier)
}
