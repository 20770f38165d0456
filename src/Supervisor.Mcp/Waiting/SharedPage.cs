using Supervisor.Mcp.Output;
using Supervisor.Sessions.Store;

namespace Supervisor.Mcp.Waiting;

/// <summary>The page that was read last: all that waited for the same news from the same cursor are shown the same.</summary>
internal sealed class SharedPage
{
    private readonly Lock _choosing = new();
    private Reading? _last;

    private sealed record Reading(SessionStatus News, long Cursor, Lazy<OutputPage> Page);

    /// <param name="news">What ended the wait. One object for all waits that it ended; read before any page.</param>
    /// <param name="cursor">Where the page begins.</param>
    /// <param name="read">Reads it.</param>
    public OutputPage Get(SessionStatus news, long cursor, Func<OutputPage> read)
    {
        Reading last;
        lock (_choosing)
        {
            if (_last is null || !ReferenceEquals(_last.News, news) || _last.Cursor != cursor)
            {
                _last = new Reading(news, cursor, new Lazy<OutputPage>(read));
            }

            last = _last;
        }

        return last.Page.Value;
    }
}
