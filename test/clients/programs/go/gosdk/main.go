// The official SDK: tools, in the revision that it negotiates. It has no tasks.
package main

import (
	"context"
	"strings"
	"sync/atomic"

	"clients/commands"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

func main() {
	var progress atomic.Int32
	client := mcp.NewClient(&mcp.Implementation{Name: "clients", Version: "0"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) { progress.Add(1) },
	})
	transport := &mcp.StreamableClientTransport{Endpoint: commands.URL}
	if commands.Token != "" {
		handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
			DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{
				Metadata: &oauthex.ClientRegistrationMetadata{
					ClientName:              "clients",
					RedirectURIs:            []string{commands.Callback},
					TokenEndpointAuthMethod: "none",
				},
			},
			RedirectURL:              commands.Callback,
			AuthorizationCodeFetcher: fetchCode,
		})
		commands.Must(err)
		transport.OAuthHandler = handler
	}
	ctx := context.Background()
	session, err := client.Connect(ctx, transport, nil)
	commands.Must(err)
	commands.Serve("github.com/modelcontextprotocol/go-sdk", commands.Client{
		"list": func(commands.Command) (commands.Outcome, error) {
			names := []string{}
			for tool, err := range session.Tools(ctx, nil) {
				if err != nil {
					return nil, err
				}
				names = append(names, tool.Name)
			}
			return commands.Outcome{"tools": names}, nil
		},
		"call": func(command commands.Command) (commands.Outcome, error) {
			progress.Store(0)
			params := &mcp.CallToolParams{Name: command.Name, Arguments: command.Arguments}
			params.SetProgressToken("progress")
			result, err := session.CallTool(ctx, params)
			if err != nil {
				return nil, err
			}
			return commands.Outcome{
				"structured": result.StructuredContent,
				"text":       textOf(result.Content),
				"failed":     result.IsError,
				"progress":   progress.Load(),
			}, nil
		},
		"read": func(command commands.Command) (commands.Outcome, error) {
			result, err := session.ReadResource(ctx, &mcp.ReadResourceParams{URI: command.URI})
			if err != nil {
				return nil, err
			}
			return commands.Outcome{"text": result.Contents[0].Text}, nil
		},
	}, session.InitializeResult().ProtocolVersion, "authorization code")
}

func fetchCode(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	received, err := commands.OpenPage(args.URL)
	if err != nil {
		return nil, err
	}
	return &auth.AuthorizationResult{
		Code: received.Get("code"), State: received.Get("state"), Iss: received.Get("iss"),
	}, nil
}

func textOf(content []mcp.Content) string {
	texts := []string{}
	for _, part := range content {
		if text, ok := part.(*mcp.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	return strings.Join(texts, "\n")
}
