namespace Supervisor.Host.Api;

/// <summary>Finds the endpoint of a request. (The framework's router would take a fifth of the time the daemon has to get ready in.)</summary>
internal sealed class Router(IReadOnlyList<IEndpoint> endpoints)
{
    private readonly (IEndpoint Endpoint, string[] Segments)[] _routes = [.. endpoints.Select(e => (e, e.Path.Split('/')))];

    /// <param name="method">Such as <c>GET</c>.</param>
    /// <param name="path">Decoded.</param>
    /// <param name="segments">The path's segments that stand for something, by name.</param>
    /// <param name="otherMethods">Where nothing is found: the methods that this path has.</param>
    public IEndpoint? Find(string method, string path, out IReadOnlyDictionary<string, string> segments, out IReadOnlyList<string> otherMethods)
    {
        string[] given = path.Split('/');
        List<string> others = [];
        otherMethods = others;
        foreach ((IEndpoint endpoint, string[] route) in _routes)
        {
            if (Match(route, given) is not { } found)
            {
                continue;
            }

            if (string.Equals(endpoint.Method, method, StringComparison.Ordinal))
            {
                segments = found;
                return endpoint;
            }

            others.Add(endpoint.Method);
        }

        segments = new Dictionary<string, string>(StringComparer.Ordinal);
        return null;
    }

    private static Dictionary<string, string>? Match(string[] route, string[] given)
    {
        if (route.Length != given.Length)
        {
            return null;
        }

        Dictionary<string, string> named = new(StringComparer.Ordinal);
        for (int i = 0; i < route.Length; i++)
        {
            if (route[i] is ['{', .. var name, '}'] && given[i].Length > 0)
            {
                named[name] = given[i];
            }
            else if (!string.Equals(route[i], given[i], StringComparison.Ordinal))
            {
                return null;
            }
        }

        return named;
    }
}
