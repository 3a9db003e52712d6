/** The official SDK for Java: tools. It has no sign-in of its own, and no tasks. */

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Serves the runner's commands: reads JSON lines from standard input, and prints one JSON line for each. */
public class Client {

    private static final McpJsonMapper JSON = McpJsonDefaults.getMapper();
    private static final AtomicInteger PROGRESS = new AtomicInteger();

    public static void main(String[] args) throws IOException {
        try (McpSyncClient client = connect()) {
            client.initialize();
            print(ready(client));
            BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line; (line = input.readLine()) != null; ) {
                print(outcome(client, command(line)));
            }
        } catch (RuntimeException error) {
            error.printStackTrace();
            print(Map.of("error", describe(error)));
        }
        System.exit(0);
    }

    private static McpSyncClient connect() {
        URI url = URI.create(System.getenv("MCP_URL"));
        String token = System.getenv("MCP_TOKEN");
        var transport = HttpClientStreamableHttpTransport.builder(url.resolve("/").toString()).endpoint(url.getPath());
        if (token != null) {
            transport.httpRequestCustomizer(
                    (request, method, uri, body, context) -> request.header("Authorization", "Bearer " + token));
        }
        // The default time limit of a request: 20 s.
        return McpClient.sync(transport.build())
                .progressConsumer(event -> PROGRESS.incrementAndGet())
                .build();
    }

    private static Map<String, Object> ready(McpSyncClient client) {
        Map<String, Object> ready = new HashMap<>();
        String archive = McpSyncClient.class.getProtectionDomain().getCodeSource().getLocation().getPath();
        var version = Pattern.compile("-(\\d[^/]*)\\.jar$").matcher(archive);
        ready.put("version", version.find() ? version.group(1) : "");
        ready.put("protocol", client.getCurrentInitializationResult().protocolVersion());
        ready.put("sign_in", System.getenv("MCP_TOKEN") == null ? null : "token");
        return ready;
    }

    private static Map<String, Object> outcome(McpSyncClient client, Map<String, Object> command) {
        try {
            return switch ((String) command.get("do")) {
                case "list" -> Map.of("tools", client.listTools().tools().stream().map(McpSchema.Tool::name).toList());
                case "call" -> call(client, command);
                case "read" -> read(client, (String) command.get("uri"));
                default -> Map.of("unsupported", "not in its API");
            };
        } catch (RuntimeException error) {
            error.printStackTrace();
            return Map.of("error", describe(error));
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> call(McpSyncClient client, Map<String, Object> command) {
        PROGRESS.set(0);
        var result = client.callTool(McpSchema.CallToolRequest.builder((String) command.get("name"))
                .arguments((Map<String, Object>) command.get("arguments"))
                .progressToken("progress")
                .build());
        Map<String, Object> outcome = new HashMap<>();
        outcome.put("structured", result.structuredContent());
        outcome.put("text", result.content().stream()
                .filter(McpSchema.TextContent.class::isInstance)
                .map(part -> ((McpSchema.TextContent) part).text())
                .collect(Collectors.joining("\n")));
        outcome.put("failed", Boolean.TRUE.equals(result.isError()));
        outcome.put("progress", PROGRESS.get());
        return outcome;
    }

    private static Map<String, Object> read(McpSyncClient client, String uri) {
        var contents = client.readResource(new McpSchema.ReadResourceRequest(uri)).contents();
        return Map.of("text", ((McpSchema.TextResourceContents) contents.get(0)).text());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> command(String line) throws IOException {
        return JSON.readValue(line, Map.class);
    }

    private static void print(Map<String, Object> outcome) throws IOException {
        System.out.println(JSON.writeValueAsString(outcome));
    }

    private static String describe(Throwable error) {
        String text = error.toString();
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            text += ": " + cause;
        }
        return text;
    }
}
