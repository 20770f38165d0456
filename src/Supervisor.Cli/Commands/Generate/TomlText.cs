using System.Text;

namespace Supervisor.Cli.Commands.Generate;

/// <summary>
/// Where the tables and values of a text of TOML stand (TOML 1.0). Values are not looked into, except for how far they reach: what is
/// edited here is what a person keeps.
/// </summary>
internal sealed class TomlText
{
    private readonly string _text;
    private readonly List<TomlTable> _tables = [];
    private readonly List<TomlValue> _values = [];
    private int _at;

    private TomlText(string text) => _text = text;

    /// <summary>In order.</summary>
    public IReadOnlyList<TomlTable> Tables => _tables;

    /// <summary>In order.</summary>
    public IReadOnlyList<TomlValue> Values => _values;

    /// <summary>Null: it is no TOML.</summary>
    public static TomlText? Read(string text)
    {
        TomlText toml = new(text);
        return toml.ReadAll() ? toml : null;
    }

    /// <summary>The strings of an array that has nothing else in it; else null.</summary>
    public static IReadOnlyList<string>? Strings(string array)
    {
        TomlText text = new(array);
        List<string> strings = [];
        if (!text.Skip('['))
        {
            return null;
        }

        while (true)
        {
            text.SkipBlank(lines: true);
            if (text.Skip(']'))
            {
                return text._at == array.Length ? strings : null;
            }

            if (text.String() is not { } value)
            {
                return null;
            }

            strings.Add(value);
            text.SkipBlank(lines: true);
            if (!text.Skip(',') && text.Peek() != ']')
            {
                return null;
            }
        }
    }

    private char Peek(int ahead = 0) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private bool Skip(char c)
    {
        bool there = Peek() == c && _at < _text.Length;
        _at += there ? 1 : 0;
        return there;
    }

    private bool ReadAll()
    {
        Skip('\uFEFF');
        List<string> table = [];
        while (true)
        {
            SkipBlank(lines: true);
            if (_at == _text.Length)
            {
                return true;
            }

            int start = _at;
            if (Skip('['))
            {
                bool isArray = Skip('[');
                if (Keys() is not { } name || !Skip(']') || (isArray && !Skip(']')))
                {
                    return false;
                }

                table = name;
                _tables.Add(new TomlTable(name, isArray, start, _at));
            }
            else
            {
                if (Keys() is not { } key || !Skip('='))
                {
                    return false;
                }

                SkipBlank(lines: false);
                int value = _at;
                if (!SkipValue())
                {
                    return false;
                }

                _values.Add(new TomlValue([.. table, .. key], value, _at));
            }

            SkipBlank(lines: false);
            if (_at < _text.Length && Peek() != '\n')
            {
                return false;
            }
        }
    }

    /// <summary>Blanks and comments.</summary>
    private void SkipBlank(bool lines)
    {
        while (_at < _text.Length && (Peek() is ' ' or '\t' or '\r' or '#' || (lines && Peek() == '\n')))
        {
            if (Peek() == '#')
            {
                int end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
            }
            else
            {
                _at++;
            }
        }
    }

    /// <summary>A name of several parts, and the blanks around it.</summary>
    private List<string>? Keys()
    {
        List<string> keys = [];
        do
        {
            SkipBlank(lines: false);
            int start = _at;
            while (char.IsAsciiLetterOrDigit(Peek()) || Peek() is '_' or '-')
            {
                _at++;
            }

            string? key = _at > start ? _text[start.._at] : String();
            if (key is null)
            {
                return null;
            }

            keys.Add(key);
            SkipBlank(lines: false);
        }
        while (Skip('.'));
        return keys;
    }

    /// <summary>A string on one line.</summary>
    private string? String()
    {
        char quote = Peek();
        if (quote is not ('"' or '\''))
        {
            return null;
        }

        StringBuilder value = new();
        for (_at++; _at < _text.Length && Peek() != '\n'; _at++)
        {
            if (Skip(quote))
            {
                return value.ToString();
            }

            if (quote == '\'' || Peek() != '\\')
            {
                value.Append(Peek());
                continue;
            }

            _at++;
            int digits = Peek() switch { 'u' => 4, 'U' => 8, _ => 0 };
            if (digits == 0)
            {
                value.Append(Peek() switch { 'b' => '\b', 't' => '\t', 'n' => '\n', 'f' => '\f', 'r' => '\r', 'e' => '\x1b', var c => c });
            }
            else if (_at + digits < _text.Length
                && int.TryParse(_text.AsSpan(_at + 1, digits), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture, out int code)
                && Rune.IsValid(code))
            {
                value.Append(new Rune(code).ToString());
                _at += digits;
            }
            else
            {
                return null;
            }
        }

        return null;
    }

    private bool SkipValue()
    {
        if (Peek() is '"' or '\'')
        {
            string many = new(Peek(), 3);
            return string.CompareOrdinal(_text, _at, many, 0, 3) == 0 ? SkipLongString(many) : String() is not null;
        }

        if (Peek() is not ('[' or '{'))
        {
            int start = _at;
            while (_at < _text.Length && Peek() is not ('\n' or '\r' or '#' or ',' or ']' or '}' or '[' or '{' or '"' or '\'' or '='))
            {
                _at++;
            }

            // Blanks behind it are not part of it.
            while (_at > start && Peek(-1) is ' ' or '\t')
            {
                _at--;
            }

            return _at > start;
        }

        char close = Peek() == '[' ? ']' : '}';
        _at++;
        while (true)
        {
            SkipBlank(lines: true);
            if (Skip(close))
            {
                return true;
            }

            if (close == '}' && (Keys() is null || !Skip('=')))
            {
                return false;
            }

            SkipBlank(lines: false);
            if (!SkipValue())
            {
                return false;
            }

            SkipBlank(lines: true);
            if (!Skip(',') && Peek() != close)
            {
                return false;
            }
        }
    }

    private bool SkipLongString(string quotes)
    {
        for (_at += 3; _at < _text.Length; _at++)
        {
            if (string.CompareOrdinal(_text, _at, quotes, 0, 3) == 0)
            {
                // One or two more may belong to the string.
                for (_at += 3; Peek() == quotes[0]; _at++)
                {
                }

                return true;
            }

            _at += Peek() == '\\' && quotes[0] == '"' ? 1 : 0;
        }

        return false;
    }
}

/// <summary>The header of a table.</summary>
/// <param name="Name">Its parts.</param>
/// <param name="IsArray">Whether it is one of several.</param>
/// <param name="Start">Of its first bracket.</param>
/// <param name="End">Behind its last.</param>
internal sealed record TomlTable(IReadOnlyList<string> Name, bool IsArray, int Start, int End);

/// <summary>A key with its value.</summary>
/// <param name="Name">The table's and its own parts.</param>
/// <param name="Start">Of the value.</param>
/// <param name="End">Behind it.</param>
internal sealed record TomlValue(IReadOnlyList<string> Name, int Start, int End);
