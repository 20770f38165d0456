using Supervisor.Protocol;

namespace Supervisor.Sessions.Store.Retention;

/// <summary>
/// The name of a removed session's folder in <c>trash/</c>: <c>ID~TOKEN</c> until its line is in the history, <c>ID~TOKEN~</c> when
/// nothing is left to be told of it. The token is the line's <c>removal</c>.
/// </summary>
internal readonly record struct TrashName(SessionId Id, string Token, bool IsTold)
{
    private const char Mark = '~';

    public static TrashName New(SessionId id, bool told) => new(id, SessionId.Generate().Value, told);

    /// <summary>A name for something that is no session's folder and of which nothing is to be told.</summary>
    public static string Anonymous() => Mark + SessionId.Generate().Value + Mark;

    public static bool TryParse(string text, out TrashName name)
    {
        name = default;
        bool told = text.EndsWith(Mark);
        int mark = text.IndexOf(Mark, StringComparison.Ordinal);
        if (mark < 0 || !SessionId.TryParse(text[..mark], out SessionId id)
            || !SessionId.TryParse(told ? text[(mark + 1)..^1] : text[(mark + 1)..], out SessionId token))
        {
            return false;
        }

        name = new TrashName(id, token.Value, told);
        return true;
    }

    public override string ToString() => Id.Value + Mark + Token + (IsTold ? "~" : "");
}
