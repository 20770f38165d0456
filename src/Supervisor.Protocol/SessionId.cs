using System.Diagnostics.CodeAnalysis;

namespace Supervisor.Protocol;

/// <summary>
/// The name of a session's folder: <c>[A-Za-z0-9][A-Za-z0-9._-]{0,63}</c> without <c>..</c>, so that it can never
/// leave the folder it is joined to.
/// </summary>
public readonly record struct SessionId
{
    /// <summary>Characters of generated ids: digits and lower-case letters without <c>i l o u</c>.</summary>
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private const int GeneratedLength = 8;

    private readonly string? _value;

    private SessionId(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("An uninitialised session id has no value.");

    public static bool TryParse([NotNullWhen(true)] string? text, out SessionId id)
    {
        if (Identifier.IsValid(text))
        {
            id = new SessionId(text);
            return true;
        }

        id = default;
        return false;
    }

    /// <summary>A random id of 8 characters (40 bits). The caller's exclusive <c>mkdir</c> is what makes it unique.</summary>
    public static SessionId Generate()
    {
        // An id is no secret; the cryptographic generator would load OpenSSL, which takes longer than the command may.
        Span<char> id = stackalloc char[GeneratedLength];
        for (int i = 0; i < id.Length; i++)
        {
            id[i] = Alphabet[Random.Shared.Next(Alphabet.Length)];
        }

        return new SessionId(new string(id));
    }

    public override string ToString() => Value;
}
