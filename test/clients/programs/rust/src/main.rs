//! rmcp, the official SDK for Rust: tools, and the tasks extension, in the revision that it negotiates.
//! Serves the runner's commands: reads JSON lines from standard input, and prints one JSON line for each.
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ClientConfig, ExtensionCapabilities,
    GetTaskParams, Implementation, InputResponses, ProgressNotificationParam, ProtocolVersion,
    ReadResourceRequestParams, ResourceContents, TaskPayload, UpdateTaskParams,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, NotificationContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthorizationManager, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, RoleClient};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin, stdin};

const TASKS_EXTENSION: &str = "io.modelcontextprotocol/tasks";
/// Redirect address. No server listens there: the runner stops at it.
const CALLBACK: &str = "http://127.0.0.1:9/callback";

type Outcome = Result<Value, Box<dyn Error>>;
type Session = RunningService<RoleClient, Handler>;

#[derive(Clone, Default)]
struct Handler {
    progress: Arc<AtomicU32>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = Some(Default::default());
        capabilities.extensions = Some(ExtensionCapabilities::from([(TASKS_EXTENSION.into(), Default::default())]));
        ClientConfig::new(capabilities, Implementation::new("clients", "0"))
    }

    async fn on_progress(&self, _: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut input = BufReader::new(stdin()).lines();
    match connect(&mut input).await {
        Ok(session) => serve(&session, &mut input).await,
        Err(error) => println!("{}", json!({"error": describe(&*error)})),
    }
}

async fn connect(input: &mut Lines<BufReader<Stdin>>) -> Result<Session, Box<dyn Error>> {
    let url = std::env::var("MCP_URL")?;
    let mut config = StreamableHttpClientTransportConfig::with_uri(url.clone());
    let signs_in = std::env::var("MCP_TOKEN").is_ok();
    if signs_in {
        config = config.auth_header(sign_in(&url, input).await?);
    }
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::LATEST],
        legacy_version: None,
    };
    let transport = StreamableHttpClientTransport::from_config(config);
    let session = Handler::default().serve_with_lifecycle(transport, lifecycle).await?;
    println!(
        "{}",
        json!({
            "version": version(),
            "protocol": session.peer_info().map(|info| info.protocol_version.to_string()),
            "sign_in": signs_in.then_some("authorization code"),
        })
    );
    Ok(session)
}

async fn sign_in(url: &str, input: &mut Lines<BufReader<Stdin>>) -> Result<String, Box<dyn Error>> {
    let mut state = OAuthState::Unauthorized(AuthorizationManager::new(url).await?);
    let request = AuthorizationRequest::new(CALLBACK).with_client_name("clients");
    state.start_authorization(request).await?;
    println!("{}", json!({"open": state.get_authorization_url().await?}));
    let line = input.next_line().await?.unwrap_or_default();
    let answer: Value = serde_json::from_str(&line)?;
    state.handle_callback_url(answer["callback"].as_str().unwrap_or_default()).await?;
    let manager = state.into_authorization_manager().ok_or("not authorized")?;
    Ok(manager.get_access_token().await?)
}

async fn serve(session: &Session, input: &mut Lines<BufReader<Stdin>>) {
    while let Ok(Some(line)) = input.next_line().await {
        let command: Value = serde_json::from_str(&line).unwrap_or_default();
        let outcome = match command["do"].as_str() {
            Some("list") => list(session).await,
            Some("call") => call(session, &command).await,
            Some("read") => read(session, &command).await,
            Some("task") => task(session, &command).await,
            _ => Ok(json!({"unsupported": "not in its API"})),
        };
        println!("{}", outcome.unwrap_or_else(|error| json!({"error": describe(&*error)})));
    }
}

async fn list(session: &Session) -> Outcome {
    let tools = session.list_all_tools().await?;
    Ok(json!({"tools": tools.iter().map(|tool| tool.name.as_ref()).collect::<Vec<_>>()}))
}

async fn call(session: &Session, command: &Value) -> Outcome {
    let progress = &session.service().progress;
    progress.store(0, Ordering::SeqCst);
    // rmcp puts a progress token in each request.
    match session.call_tool_once(params(command)).await? {
        CallToolResponse::Complete(result) => {
            let mut outcome = outcome_of(&result);
            outcome["progress"] = progress.load(Ordering::SeqCst).into();
            Ok(outcome)
        }
        CallToolResponse::Task(created) => {
            Ok(json!({"structured": {"job_id": created.task.task_id, "status": "pending"}, "text": "", "failed": false}))
        }
        other => Err(format!("neither a result nor a task: {other:?}").into()),
    }
}

async fn read(session: &Session, command: &Value) -> Outcome {
    let uri = command["uri"].as_str().unwrap_or_default();
    let result = session.read_resource(ReadResourceRequestParams::new(uri)).await?;
    match result.contents.first() {
        Some(ResourceContents::TextResourceContents { text, .. }) => Ok(json!({"text": text})),
        other => Err(format!("no text: {other:?}").into()),
    }
}

async fn task(session: &Session, command: &Value) -> Outcome {
    let CallToolResponse::Task(created) = session.call_tool_once(params(command)).await? else {
        return Err("the call returns no task".into());
    };
    let id = created.task.task_id;
    let mut questions = 0;
    loop {
        let task = session.get_task(GetTaskParams::new(id.clone())).await?.task;
        match task.payload {
            TaskPayload::Completed { result } => {
                let result: CallToolResult = serde_json::from_value(Value::Object(result))?;
                let mut outcome = outcome_of(&result);
                outcome["status"] = "completed".into();
                outcome["questions"] = questions.into();
                return Ok(outcome);
            }
            TaskPayload::InputRequired { input_requests } => {
                questions += input_requests.len();
                let answer = json!({"action": "accept", "content": {"approve": true}});
                let answers = input_requests.into_keys().map(|key| (key, answer.clone()));
                session.update_task(UpdateTaskParams::new(id.clone(), answers.collect::<InputResponses>())).await?;
            }
            TaskPayload::Working => {
                let interval = task.task.poll_interval_ms.unwrap_or(1_000);
                tokio::time::sleep(Duration::from_millis(interval)).await;
            }
            other => return Err(format!("the task ended: {other:?}").into()),
        }
    }
}

fn params(command: &Value) -> CallToolRequestParams {
    let name = command["name"].as_str().unwrap_or_default().to_owned();
    let arguments = command["arguments"].as_object().cloned().unwrap_or_default();
    CallToolRequestParams::new(name).with_arguments(arguments)
}

fn outcome_of(result: &CallToolResult) -> Value {
    let texts = result.content.iter().filter_map(|part| part.as_text()).map(|text| text.text.as_str());
    json!({
        "structured": result.structured_content,
        "text": texts.collect::<Vec<_>>().join("\n"),
        "failed": result.is_error.unwrap_or(false),
    })
}

/// Returns the version of rmcp that Cargo.toml pins.
fn version() -> &'static str {
    let manifest = include_str!("../Cargo.toml");
    let pin = manifest.split_once("rmcp = { version = \"=").map_or("", |(_, rest)| rest);
    pin.split('"').next().unwrap_or_default()
}

fn describe(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
