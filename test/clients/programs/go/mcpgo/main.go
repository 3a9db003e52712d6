// mcp-go: tools, and tasks in the revision that it negotiates.
package main

import (
	"context"
	"strings"
	"sync/atomic"

	"clients/commands"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

func main() {
	ctx := context.Background()
	session, err := connect(ctx)
	commands.Must(err)
	var progress atomic.Int32
	session.OnNotification(func(notification mcp.JSONRPCNotification) {
		if notification.Method == "notifications/progress" {
			progress.Add(1)
		}
	})
	commands.Serve("github.com/mark3labs/mcp-go", commands.Client{
		"list": func(commands.Command) (commands.Outcome, error) {
			result, err := session.ListTools(ctx, mcp.ListToolsRequest{})
			if err != nil {
				return nil, err
			}
			names := []string{}
			for _, tool := range result.Tools {
				names = append(names, tool.Name)
			}
			return commands.Outcome{"tools": names}, nil
		},
		"call": func(command commands.Command) (commands.Outcome, error) {
			progress.Store(0)
			request := callOf(command)
			request.Params.Meta = &mcp.Meta{ProgressToken: "progress"}
			result, err := session.CallTool(ctx, request)
			if err != nil {
				return nil, err
			}
			outcome := outcomeOf(result.StructuredContent, result.Content, result.IsError)
			outcome["progress"] = progress.Load()
			return outcome, nil
		},
		"read": func(command commands.Command) (commands.Outcome, error) {
			request := mcp.ReadResourceRequest{}
			request.Params.URI = command.URI
			result, err := session.ReadResource(ctx, request)
			if err != nil {
				return nil, err
			}
			text, _ := mcp.AsTextResourceContents(result.Contents[0])
			return commands.Outcome{"text": text.Text}, nil
		},
		"task": func(command commands.Command) (commands.Outcome, error) { return runTask(ctx, command) },
	}, session.ProtocolVersion(), "authorization code")
}

func connect(ctx context.Context, options ...client.ClientOption) (*client.Client, error) {
	http, err := newTransport()
	if err != nil {
		return nil, err
	}
	session := client.NewClient(http, options...)
	if err := session.Start(ctx); err != nil {
		return nil, err
	}
	request := mcp.InitializeRequest{}
	request.Params.ClientInfo = mcp.Implementation{Name: "clients", Version: "0"}
	_, err = session.Initialize(ctx, request)
	if client.IsOAuthAuthorizationRequiredError(err) {
		if err := signIn(ctx, client.GetOAuthHandler(err)); err != nil {
			return nil, err
		}
		_, err = session.Initialize(ctx, request)
	}
	return session, err
}

// The connections of one run share their tokens.
var tokens = client.NewMemoryTokenStore()

func newTransport() (*transport.StreamableHTTP, error) {
	if commands.Token == "" {
		return transport.NewStreamableHTTP(commands.URL)
	}
	return transport.NewStreamableHTTP(commands.URL, transport.WithHTTPOAuth(transport.OAuthConfig{
		RedirectURI: commands.Callback,
		TokenStore:  tokens,
		PKCEEnabled: true,
		// It registers with these, and does not read those that the server names.
		Scopes: []string{"jobs:read", "jobs:write"},
	}))
}

func callOf(command commands.Command) mcp.CallToolRequest {
	request := mcp.CallToolRequest{}
	request.Params.Name = command.Name
	request.Params.Arguments = command.Arguments
	return request
}

func outcomeOf(structured any, content []mcp.Content, failed bool) commands.Outcome {
	texts := []string{}
	for _, part := range content {
		if text, ok := mcp.AsTextContent(part); ok {
			texts = append(texts, text.Text)
		}
	}
	return commands.Outcome{"structured": structured, "text": strings.Join(texts, "\n"), "failed": failed}
}
