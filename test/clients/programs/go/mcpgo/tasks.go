package main

import (
	"context"
	"errors"
	"time"

	"clients/commands"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// The longest time that a task may take.
const taskLimit = 2 * time.Minute

type approval struct{ asked int }

func (a *approval) Elicit(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	a.asked++
	response := mcp.ElicitationResponse{Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"approve": true}}
	return &mcp.ElicitationResult{ElicitationResponse: response}, nil
}

// runTask starts a job, and follows it as a task of 2025-11-25: CallTool refuses the result that has a task.
func runTask(ctx context.Context, command commands.Command) (commands.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, taskLimit)
	defer cancel()
	answers := &approval{}
	session, err := connect(ctx, client.WithLegacyProtocolOnly(), client.WithElicitationHandler(answers))
	if err != nil {
		return nil, err
	}
	defer session.Close()
	started, err := session.CallTool(ctx, callOf(command))
	if err != nil {
		return nil, err
	}
	job, _ := started.StructuredContent.(map[string]any)
	id, ok := job["job_id"].(string)
	if !ok {
		return nil, errors.New("the call returns no job_id")
	}
	request := mcp.TaskResultRequest{}
	request.Params.TaskId = id
	result, err := session.TaskResult(ctx, request)
	if err != nil {
		return nil, err
	}
	wait := mcp.GetTaskRequest{}
	wait.Params.TaskId = id
	task, err := session.WaitForTask(ctx, wait, time.Second)
	if err != nil {
		return nil, err
	}
	outcome := outcomeOf(result.StructuredContent, result.Content, result.IsError)
	outcome["status"] = task.Status
	outcome["questions"] = answers.asked
	return outcome, nil
}
