using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Supervisor.Mcp.Output;
using Supervisor.Mcp.Scope;
using Supervisor.Mcp.Text;
using Supervisor.Mcp.Tools;
using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

namespace Supervisor.Mcp.Resources;

/// <summary>The sessions and the ends of their output, as resources.</summary>
internal sealed class SessionResources(VisibleSessions sessions, Masking masking, SessionText text)
{
    private const string Json = "application/json";
    private const string Plain = "text/plain";

    /// <summary>Of the sessions, the newest live ones are listed one by one; all can be asked for.</summary>
    private const int MaxListed = 20;

    private const int MaxInList = 60;

    /// <summary>What one of them takes at most.</summary>
    private const int MaxOne = 10 * 1024;

    private const int OutputBytes = 16 * 1024;
    private const int ManyLines = 100_000;

    public IList<ResourceTemplate> Templates { get; } =
    [
        new ResourceTemplate { Name = "session", Title = "A session", UriTemplate = ResourceUri.SessionTemplate, MimeType = Json },
        new ResourceTemplate
        {
            Name = "output", Title = "The last 16 KB of a session's output", UriTemplate = ResourceUri.OutputTemplate, MimeType = Plain,
            Description = "Untrusted data between two markers",
        },
    ];

    public ListResourcesResult List()
    {
        ListResourcesResult result = new();
        result.Resources.Add(new Resource { Name = "sessions", Title = "All sessions", Uri = ResourceUri.List, MimeType = Json });
        foreach (SessionStatus status in sessions.All().Sessions.Where(s => s.State.IsLive()).Take(MaxListed))
        {
            // Their names are others' words: an id is not.
            result.Resources.Add(new Resource { Name = status.Id.Value, Uri = ResourceUri.OfSession(status.Id.Value), MimeType = Json });
            result.Resources.Add(new Resource { Name = status.Id.Value + " output", Uri = ResourceUri.OfOutput(status.Id.Value), MimeType = Plain });
        }

        return result;
    }

    /// <exception cref="McpProtocolException">There is no such resource.</exception>
    public ReadResourceResult Read(string? uri)
    {
        (ResourceUri resource, SessionStatus? status) = Find(uri);
        return new ReadResourceResult
        {
            Contents =
            [
                new TextResourceContents
                {
                    Uri = uri!,
                    MimeType = resource.IsOutput ? Plain : Json,
                    Text = status is null ? ListJson() : resource.IsOutput ? Output(status) : SessionJson(status),
                },
            ],
        };
    }

    /// <summary>What a URI stands for; no session for the list.</summary>
    /// <exception cref="McpProtocolException">There is no such resource.</exception>
    public (ResourceUri Resource, SessionStatus? Status) Find(string? uri)
    {
        if (!ResourceUri.TryParse(uri, out ResourceUri? resource))
        {
            string shown = Printable.Line(uri is { Length: > 100 } ? uri[..100] : uri ?? "");
            throw new McpProtocolException($"no such resource: {shown} [not_found]. There are {ResourceUri.List}, …/{{id}} and …/{{id}}/output", McpErrorCode.ResourceNotFound);
        }

        try
        {
            return (resource, resource.Session is { } id ? sessions.Find(id) : null);
        }
        catch (SupException e)
        {
            throw new McpProtocolException(ToolError.Text(e, resource.Session), e, McpErrorCode.ResourceNotFound);
        }
    }

    private string ListJson()
    {
        using ToolAnswer answer = new();
        (IReadOnlyList<SessionStatus> all, int hidden) = sessions.All();
        int shown = 0;
        answer.Json.WriteStartArray("sessions");
        foreach (SessionStatus status in all.Take(MaxInList))
        {
            using SessionFiles? files = SessionFiles.Open(sessions.Root, status.Id);
            answer.Json.WriteStartObject();
            text.WriteShort(answer, status, text.LastLine(files));
            answer.Json.WriteEndObject();
            shown++;
            if (answer.LengthAsText > Wire.MaxResult - MaxOne)
            {
                break;
            }
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteNumber("more", all.Count - shown);
        answer.Json.WriteNumber("hidden", hidden);
        return answer.ToJson();
    }

    private string SessionJson(SessionStatus status)
    {
        using SessionFiles files = sessions.Open(status);
        return text.Fitting(status, files, static answer => answer.LengthAsText, static answer => answer.ToJson());
    }

    private string Output(SessionStatus status)
    {
        using SessionFiles files = sessions.Open(status);
        using TranscriptReader reader = new(files);
        return PageAnswer.Text(status, TextPageReader.Last(reader, masking, ManyLines, OutputBytes, status.State.IsLive()));
    }
}
