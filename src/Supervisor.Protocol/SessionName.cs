using System.Diagnostics.CodeAnalysis;

namespace Supervisor.Protocol;

/// <summary>A name a person gives a session: the same alphabet as <see cref="SessionId"/>; unique among live sessions.</summary>
public readonly record struct SessionName
{
    private readonly string? _value;

    private SessionName(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("An uninitialised session name has no value.");

    public static bool TryParse([NotNullWhen(true)] string? text, out SessionName name)
    {
        if (Identifier.IsValid(text))
        {
            name = new SessionName(text);
            return true;
        }

        name = default;
        return false;
    }

    public override string ToString() => Value;
}
