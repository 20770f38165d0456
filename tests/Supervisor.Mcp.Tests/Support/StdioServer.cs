using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Supervisor.Mcp.Tests.Support;

/// <summary>A real <c>sup mcp</c>, spoken to in lines of JSON, as any client would.</summary>
internal sealed class StdioServer : IDisposable
{
    private readonly Process _process;
    private readonly Dictionary<string, JsonObject> _answers = new(StringComparer.Ordinal);
    private readonly List<JsonObject> _notifications = [];
    private readonly Thread _reader;
    private int _id;

    public StdioServer(Workspace workspace, params string[] arguments)
        : this(workspace, workspace.Variables, workspace.Work, ["mcp", .. arguments])
    {
    }

    /// <param name="workspace">Where sup is.</param>
    /// <param name="environment">All of it.</param>
    /// <param name="folder">The current folder.</param>
    /// <param name="words">The whole command line behind <c>sup</c>.</param>
    public StdioServer(Workspace workspace, IReadOnlyDictionary<string, string> environment, string folder, string[] words)
    {
        ProcessStartInfo info = new(Path.Combine(workspace.Bin, "sup"))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        foreach (string word in words)
        {
            info.ArgumentList.Add(word);
        }

        info.Environment.Clear();
        foreach ((string name, string value) in environment)
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info)!;
        _reader = new Thread(Read) { IsBackground = true };
        _reader.Start();
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>How many of its threads have a name.</summary>
    public int Threads(string name) => Directory.GetDirectories($"/proc/{Pid}/task").Count(t => Comm(t) == name);

    /// <summary>A server that has shaken hands.</summary>
    public static StdioServer Ready(Workspace workspace, params string[] arguments)
    {
        StdioServer server = new(workspace, arguments);
        server.Initialize();
        return server;
    }

    public JsonObject Initialize(string version = "2025-11-25")
    {
        JsonObject result = Result("initialize", new JsonObject
        {
            ["protocolVersion"] = version,
            ["capabilities"] = new JsonObject(),
            ["clientInfo"] = new JsonObject { ["name"] = "test", ["version"] = "1" },
        });
        Notify("notifications/initialized");
        return result;
    }

    /// <summary>Sends a line as it is.</summary>
    public void SendLine(string line) => SendBytes(Encoding.UTF8.GetBytes(line + "\n"));

    public void SendBytes(ReadOnlySpan<byte> bytes)
    {
        _process.StandardInput.BaseStream.Write(bytes);
        _process.StandardInput.BaseStream.Flush();
    }

    public void Notify(string method, JsonObject? parameters = null) =>
        SendLine(new JsonObject { ["jsonrpc"] = "2.0", ["method"] = method, ["params"] = parameters ?? [] }.ToJsonString());

    /// <summary>Sends a request and returns its id.</summary>
    public int Send(string method, JsonObject? parameters = null)
    {
        int id = Interlocked.Increment(ref _id);
        SendLine(new JsonObject { ["jsonrpc"] = "2.0", ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] }.ToJsonString());
        return id;
    }

    /// <summary>The answer to a request, when it is there.</summary>
    public JsonObject Answer(int id) => AnswerTo(id.ToString(CultureInfo.InvariantCulture));

    public JsonObject AnswerTo(string id) => Await($"an answer to {id}", () => _answers.Remove(id, out JsonObject? answer) ? answer : null);

    /// <summary>Whether an answer is there already.</summary>
    public bool HasAnswer(int id)
    {
        lock (_answers)
        {
            return _answers.ContainsKey(id.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The first notification of a method that meets a condition.</summary>
    public JsonObject Notification(string method, Func<JsonObject, bool>? condition = null) => Await($"a notification {method}", () =>
    {
        int at = _notifications.FindIndex(n => n["method"]!.GetValue<string>() == method && (condition is null || condition(n["params"]!.AsObject())));
        if (at < 0)
        {
            return null;
        }

        JsonObject found = _notifications[at];
        _notifications.RemoveAt(at);
        return found["params"]!.AsObject();
    });

    public JsonObject Request(string method, JsonObject? parameters = null) => Answer(Send(method, parameters));

    /// <summary>The result of a request that must not fail.</summary>
    public JsonObject Result(string method, JsonObject? parameters = null)
    {
        JsonObject answer = Request(method, parameters);
        Assert.True(answer["result"] is not null, answer.ToJsonString());
        return answer["result"]!.AsObject();
    }

    public int SendCall(string tool, JsonObject? arguments = null, JsonObject? meta = null)
    {
        JsonObject parameters = new() { ["name"] = tool, ["arguments"] = arguments ?? [] };
        if (meta is not null)
        {
            parameters["_meta"] = meta;
        }

        return Send("tools/call", parameters);
    }

    /// <summary>What a tool returns: the whole result.</summary>
    public JsonObject Call(string tool, JsonObject? arguments = null)
    {
        JsonObject answer = Answer(SendCall(tool, arguments));
        Assert.True(answer["result"] is not null, answer.ToJsonString());
        return answer["result"]!.AsObject();
    }

    /// <summary>The structured content of a call that must not fail.</summary>
    public JsonObject Data(string tool, JsonObject? arguments = null) => DataOf(Call(tool, arguments));

    public static JsonObject DataOf(JsonObject result)
    {
        Assert.True(result["isError"]?.GetValue<bool>() is null or false, result.ToJsonString());
        JsonObject data = result["structuredContent"]!.AsObject();
        Assert.Equal("v1alpha1", data["schema_version"]!.GetValue<string>());
        return data;
    }

    public static string TextOf(JsonObject result) => Assert.Single(result["content"]!.AsArray())!["text"]!.GetValue<string>();

    /// <summary>The text of a call that must fail.</summary>
    public string Error(string tool, JsonObject? arguments = null)
    {
        JsonObject result = Call(tool, arguments);
        Assert.True(result["isError"]?.GetValue<bool>() == true, result.ToJsonString());
        Assert.Null(result["structuredContent"]);
        return TextOf(result);
    }

    /// <summary>All text of a page.</summary>
    public static string PageText(JsonObject data) => string.Concat(data["chunks"]!.AsArray().Select(c => c!["text"]!.GetValue<string>()));

    /// <summary>The end of its input.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Waits for its end; returns the exit code.</summary>
    public int WaitForExit(TimeSpan deadline)
    {
        Assert.True(_process.WaitForExit(deadline), "the server did not end");
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            CloseInput();
            if (!_process.WaitForExit(Eventually.Deadline))
            {
                _process.Kill();
            }
        }

        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Of all notifications of a method, those that nobody asked for yet.</summary>
    public int Notifications(string method)
    {
        lock (_answers)
        {
            return _notifications.Count(n => n["method"]!.GetValue<string>() == method);
        }
    }

    private static string Comm(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd();
        }
        catch (IOException)
        {
            // It ended meanwhile.
            return "";
        }
    }

    private void Read()
    {
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            JsonObject message = JsonNode.Parse(line)!.AsObject();
            lock (_answers)
            {
                if (message.ContainsKey("method"))
                {
                    _notifications.Add(message);
                }
                else
                {
                    _answers.Add(message["id"]?.ToString() ?? "null", message);
                }

                Monitor.PulseAll(_answers);
            }
        }
    }

    private JsonObject Await(string what, Func<JsonObject?> look)
    {
        long start = Stopwatch.GetTimestamp();
        lock (_answers)
        {
            while (true)
            {
                if (look() is { } found)
                {
                    return found;
                }

                if (Stopwatch.GetElapsedTime(start) > Eventually.Deadline * 4)
                {
                    throw new TimeoutException("there was not " + what);
                }

                Monitor.Wait(_answers, TimeSpan.FromSeconds(1));
            }
        }
    }
}
