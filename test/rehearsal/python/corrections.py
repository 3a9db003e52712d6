"""Corrects what the pinned ministack does unlike AWS. `docs/explanation/rehearsal.md` has the reason and the source of each correction."""
import contextvars
import importlib.metadata
import inspect
import re
import textwrap

VERSION = "1.5.33"


class CorrectionError(Exception):
    """A correction that does not fit the ministack that is installed."""


def apply_corrections():
    """Applies all corrections; call it before anything else imports `ministack.app`. Raises CorrectionError."""
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        raise CorrectionError(
            f"ministack {installed} is installed, and the corrections are for {VERSION}: "
            "run the rehearsal without each correction, delete those that it no longer needs, and set VERSION."
        )
    for correction in (
        name_the_streamed_function,
        stream_what_handlers_write,
        keep_error_types,
        authorize_batches,
        refer_to_secrets_by_arn,
        authorize_task_tokens,
        import_global_tables,
        read_templates_at_the_host_of_a_bucket,
        generate_passwords_that_fit,
        # The last one, since it imports the app.
        serve_apis_at_their_hosts,
    ):
        correction()


def wrap(module, name, wrapper):
    """Replaces a function of a module by `wrapper(original)`."""
    original = getattr(module, name, None)
    if original is None:
        raise CorrectionError(f"{module.__name__} has no {name}")
    setattr(module, name, wrapper(original))


def edit(holder, name, old, new):
    """Replaces one text in the source of a function, or of a text constant."""
    original = getattr(holder, name, None)
    source = original if isinstance(original, str) else textwrap.dedent(inspect.getsource(original))
    if source.count(old) != 1:
        raise CorrectionError(f"{holder.__name__}.{name} contains {source.count(old)} times, not once: {old}")
    edited = source.replace(old, new)
    if isinstance(original, str):
        setattr(holder, name, edited)
        return
    defined = {}
    exec(compile(edited, f"<corrected {name}>", "exec"), original.__globals__, defined)
    setattr(holder, name, defined[name])


def name_the_streamed_function():
    """The URI of a streaming integration ends in another word and names its function all the same."""
    from ministack.services import apigateway_v1

    wrap(
        apigateway_v1,
        "_extract_lambda_ref_from_integration_uri",
        lambda original: lambda uri: original(uri.replace("/response-streaming-invocations", "/invocations")),
    )


def stream_what_handlers_write():
    """The payload of a streamed response is the bytes that the handler writes. `streaming.cjs` returns them as base64."""
    import base64
    import json

    from ministack.services import lambda_svc

    def wrapper(original):
        def build(payload, is_error, function_error):
            data = payload.encode() if isinstance(payload, str) else bytes(payload)
            if data.startswith(b'{"streamedBase64"'):
                data = base64.b64decode(json.loads(data)["streamedBase64"])
            return original(data, is_error, function_error)

        return build

    wrap(lambda_svc, "_build_response_stream", wrapper)


def keep_error_types():
    """The type of a failure is the name of the error that the handler throws."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    edit(
        lambda_runtime,
        "_NODEJS_WORKER_SCRIPT",
        'status: "error", error: String(err.message || err), trace: err.stack || ""',
        'status: "error", error_type: err.name, error: String(err.message || err), trace: err.stack || ""',
    )
    edit(
        lambda_svc,
        "_execute_function_warm",
        'error_type = "Runtime.HandlerError"',
        'error_type = result.get("error_type") or "Runtime.HandlerError"',
    )


def authorize_batches():
    """IAM has no actions for batches: each is authorized as the action for one entry."""
    from ministack.core import iam_actions

    singles = {
        "sns:PublishBatch": "sns:Publish",
        "sqs:SendMessageBatch": "sqs:SendMessage",
        "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    }

    def wrapper(original):
        def extract(*args, **kwargs):
            action = original(*args, **kwargs)
            return singles.get(action, action)

        return extract

    wrap(iam_actions, "extract_iam_action", wrapper)


def refer_to_secrets_by_arn():
    """`Ref` of a secret is its ARN. The id in the stack stays the name, since the service finds secrets by it."""
    from ministack.services.cloudformation import engine

    edit(
        engine,
        "_resolve_refs",
        'return resources[ref]["PhysicalResourceId"]',
        'return (resources[ref]["Attributes"]["Arn"] if resources[ref].get("ResourceType") == "AWS::SecretsManager::Secret" '
        'else resources[ref]["PhysicalResourceId"])',
    )


def authorize_task_tokens():
    """A task token is authorized on the state machine that issued it."""
    from ministack.core import iam_actions
    from ministack.services import stepfunctions

    machines = {}
    machine = contextvars.ContextVar("machine")

    def remember_machine(original):
        def execute(state_def, raw_input, execution, ctx):
            machine.set(ctx["StateMachine"]["Id"])
            return original(state_def, raw_input, execution, ctx)

        return execute

    def remember_token(original):
        def invoke(resource, input_data, token, state_def):
            machines[token] = machine.get()
            return original(resource, input_data, token, state_def)

        return invoke

    def name_machine(original):
        def extract(service, method, path, headers, body, *rest):
            if service == "states":
                token = iam_actions._safe_json_field(body, "taskToken")
                if token:
                    return machines.get(token, "*")
            return original(service, method, path, headers, body, *rest)

        return extract

    wrap(stepfunctions, "_execute_task", remember_machine)
    wrap(stepfunctions, "_invoke_with_callback", remember_token)
    wrap(iam_actions, "extract_resource_arn", name_machine)


def import_global_tables():
    """CloudFormation imports global tables, as it does tables."""
    from ministack.services.cloudformation import changesets, provisioners

    table, global_table = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
    if global_table in changesets._IMPORT_LOOKUPS or "import" in provisioners._RESOURCE_HANDLERS[global_table]:
        raise CorrectionError(f"ministack imports {global_table}")
    changesets._IMPORT_LOOKUPS[global_table] = changesets._IMPORT_LOOKUPS[table]
    provisioners._RESOURCE_HANDLERS[global_table]["import"] = provisioners._RESOURCE_HANDLERS[table]["import"]


def read_templates_at_the_host_of_a_bucket():
    """The URL of a template has its bucket in the host, as S3 recommends, or in the path."""
    from ministack.services.cloudformation import helpers

    edit(
        helpers,
        "_resolve_document",
        """path = parsed.path.lstrip("/")""",
        """bucket, at, _ = (parsed.hostname or "").partition(".s3.")
            path = (f"{bucket}/" if at else "") + parsed.path.lstrip("/")""",
    )


def generate_passwords_that_fit():
    """The password of an invitation is as long as the policy of a user pool may require."""
    from ministack.services import cognito

    edit(cognito, "_generate_temp_password", "range(8)", "range(20)")


def serve_apis_at_their_hosts():
    """An API is served at `ID.execute-api.REGION.amazonaws.com`, and not only at a host of ministack."""
    from ministack import app

    if app._parse_execute_api_url("0123abcd.execute-api.eu-west-1.amazonaws.com", "/v1/mcp"):
        raise CorrectionError("ministack serves APIs at their hosts")
    app._EXECUTE_API_RE = re.compile(r"^([a-f0-9]{8})\.execute-api\.[a-z0-9-]+\.amazonaws\.com$")
