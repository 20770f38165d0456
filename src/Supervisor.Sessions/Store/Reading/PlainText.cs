using System.Buffers;
using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Store.Reading;

/// <summary>
/// Terminal output as lines that cannot act on the terminal that shows them. Escape sequences go (colours may stay), carriage
/// returns, backspaces and erasing within the line are applied, and what would be invisible or turn text around becomes visible. A
/// stream: state is kept across pieces, wherever they are cut, and nothing without end is collected.
/// </summary>
/// <param name="keepColours">Whether colours (SGR) stay where they are.</param>
/// <param name="maxLine">In bytes: a longer line is given in pieces of about this.</param>
public sealed class PlainText(bool keepColours, int maxLine = PlainText.DefaultMaxLine)
{
    public const int DefaultMaxLine = 1024 * 1024;

    private const byte Escape = 0x1b;
    private const byte Bell = 7;
    private const byte Backspace = 8;
    private const byte ShiftOut = 0x0e;
    private const byte ShiftIn = 0x0f;
    private const byte Cancel = 0x18;
    private const byte Substitute = 0x1a;
    private const byte Delete = 0x7f;
    private const int MaxSequence = 64;

    /// <summary>
    /// A string sequence that is never closed must not hide all that follows. Titles, clipboards and the like hold no newline; a picture
    /// (DCS, sixel) may, up to this many bytes.
    /// </summary>
    private const int MaxPicture = 256 * 1024;

    private readonly byte[] _sequence = new byte[MaxSequence];
    private readonly byte[] _character = new byte[4];
    private readonly ByteText _line = new();
    private EditedLine? _edited;
    private int _sequenceLength;
    private int _characterLength;
    private int _stringLength;
    private bool _isPicture;
    private bool _toStart;
    private bool _editing;
    private bool _given;
    private State _state;

    private enum State
    {
        Text,
        Escape,
        Intermediate,
        Csi,
        String,
        StringEscape,
    }

    /// <summary>The line so far, or the one just completed, without its newline. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Line => _editing ? _edited!.Render() : _line.Bytes;

    /// <summary>Whether the line just given ended in a newline, and was not only too long.</summary>
    public bool IsWhole { get; private set; }

    /// <summary>Whether everything taken so far has been given: no line is begun, no sequence open.</summary>
    public bool IsAtLineStart => _state == State.Text && _characterLength == 0 && (_given ? IsWhole : _line.Length == 0 && !_editing && !_toStart);

    /// <summary>Takes bytes until a line is complete, and returns how many it took.</summary>
    /// <param name="bytes">What comes next.</param>
    /// <param name="complete">Whether <see cref="Line"/> is complete now; else all bytes were taken.</param>
    public int Take(ReadOnlySpan<byte> bytes, out bool complete)
    {
        if (_given)
        {
            Clear();
        }

        int at = 0;
        while (at < bytes.Length)
        {
            if (_state == State.Text && _characterLength == 0 && !_editing && !_toStart)
            {
                int length = Math.Min(bytes.Length - at, maxLine - _line.Length);
                int run = bytes.Slice(at, length).IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e);
                run = run < 0 ? length : run;
                _line.Add(bytes.Slice(at, run));
                at += run;
                if (_line.Length >= maxLine)
                {
                    return Give(at, whole: false, out complete);
                }

                if (run > 0)
                {
                    continue;
                }
            }

            byte b = bytes[at++];
            if (b == (byte)'\n' && _state is State.String or State.StringEscape && !(_isPicture && _stringLength < MaxPicture))
            {
                _state = State.Text;
            }

            if (b == (byte)'\n' && _state is not (State.String or State.StringEscape))
            {
                Unfinished();
                return Give(at, whole: true, out complete);
            }

            Take(b);
            if ((_editing ? _edited!.Length : _line.Length) >= maxLine)
            {
                return Give(at, whole: false, out complete);
            }
        }

        complete = false;
        return at;
    }

    /// <summary>The end of the stream. Whether <see cref="Line"/> is one more, without a newline.</summary>
    public bool End()
    {
        if (_given)
        {
            Clear();
        }

        Unfinished();
        _sequenceLength = 0;
        _state = State.Text;
        IsWhole = false;
        _given = true;
        return !Line.IsEmpty;
    }

    /// <summary>Gives the line as far as it is, as a piece; what is open stays open.</summary>
    public void Cut()
    {
        IsWhole = false;
        _given = true;
    }

    /// <summary>The lines that one more piece completes, each with its newline, and pieces of very long ones.</summary>
    public byte[] Convert(ReadOnlySpan<byte> bytes)
    {
        ByteText text = new();
        while (!bytes.IsEmpty)
        {
            bytes = bytes[Take(bytes, out bool complete)..];
            if (complete)
            {
                text.Add(Line);
                text.Add(IsWhole ? "\n"u8 : default);
            }
        }

        return text.Bytes.ToArray();
    }

    /// <summary>All of a text that is whole, its last line included.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        PlainText plain = new(keepColours: false);
        string text = Encoding.UTF8.GetString(plain.Convert(bytes));
        return plain.End() ? text + Encoding.UTF8.GetString(plain.Line) : text;
    }

    private int Give(int taken, bool whole, out bool complete)
    {
        complete = true;
        IsWhole = whole;
        _given = true;
        return taken;
    }

    private void Clear()
    {
        _line.Clear();
        _editing = false;
        _toStart = false;
        _given = false;
    }

    private void Take(byte b)
    {
        if (_state is State.Escape or State.Intermediate or State.Csi && b is (byte)'\t' or (byte)'\r' or Backspace)
        {
            // Controls inside a sequence act as if they stood before it (ECMA-48; so do newlines).
            TakeControl(b);
            return;
        }

        if (_state != State.Text && b is Cancel or Substitute)
        {
            // Either ends any sequence (ECMA-48, the VT500 parser).
            _sequenceLength = 0;
            _state = State.Text;
            return;
        }

        switch (_state)
        {
            case State.Text:
                TakeText(b);
                break;
            case State.Escape:
                TakeEscape(b);
                break;
            case State.Intermediate:
                _state = b is >= 0x20 and <= 0x2f ? State.Intermediate : b == Escape ? State.Escape : State.Text;
                break;
            case State.Csi:
                TakeCsi(b);
                break;
            case State.String:
                _stringLength++;
                _state = b switch { Bell => State.Text, Escape => State.StringEscape, _ => State.String };
                break;
            case State.StringEscape when b == (byte)'\\':
                _state = State.Text;
                break;
            case State.StringEscape:
                // Any other escape breaks the string off and begins anew.
                TakeEscape(b);
                break;
            default:
                throw new InvalidOperationException($"no state {_state}");
        }
    }

    private void TakeEscape(byte b)
    {
        (_isPicture, _stringLength) = (b == (byte)'P', 0);
        _state = Follows(b);
    }

    private static State Follows(byte b) => b switch
    {
        (byte)'[' => State.Csi,
        (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_' => State.String,
        >= 0x20 and <= 0x2f => State.Intermediate,
        Escape => State.Escape,
        _ => State.Text,
    };

    private void TakeCsi(byte b)
    {
        if (b == Escape)
        {
            _sequenceLength = 0;
            _state = State.Escape;
            return;
        }

        bool fits = _sequenceLength < MaxSequence;
        if (fits)
        {
            _sequence[_sequenceLength++] = b;
        }

        if (b is >= 0x40 and <= 0x7e)
        {
            if (fits)
            {
                Perform(_sequence.AsSpan(0, _sequenceLength - 1), b);
            }

            _sequenceLength = 0;
            _state = State.Text;
        }
    }

    private void Perform(ReadOnlySpan<byte> parameters, byte final)
    {
        if (final == (byte)'m' && keepColours && !parameters.ContainsAnyExceptInRange((byte)0x30, (byte)0x3b))
        {
            if (_editing)
            {
                _edited!.Colour(parameters);
            }
            else
            {
                _line.Add("\u001b["u8);
                _line.Add(parameters);
                _line.Add("m"u8);
            }
        }
        else if (final == (byte)'K' && (parameters.IsEmpty || parameters is [>= (byte)'0' and <= (byte)'2']))
        {
            Edit().Erase(parameters.IsEmpty ? 0 : parameters[0] - '0');
        }
    }

    private void TakeText(byte b)
    {
        if (_characterLength > 0 && (b & 0xc0) != 0x80)
        {
            Unfinished();
        }

        if (b == Escape)
        {
            _state = State.Escape;
        }
        else if (b >= 0x80)
        {
            _character[_characterLength++] = b;
            TakeCharacter();
        }
        else if (b is >= 0x20 and < Delete)
        {
            Put([b], joins: false);
        }
        else
        {
            TakeControl(b);
        }
    }

    private void TakeControl(byte b)
    {
        switch (b)
        {
            case (byte)'\r':
                _toStart = true;
                break;
            case Backspace:
                if (!_toStart)
                {
                    Edit().Back();
                }

                break;
            case (byte)'\t':
                Put([b], joins: false);
                break;
            case ShiftOut or ShiftIn:
                // Changes of character sets are escapes in all but form.
                break;
            default:
                // The pictures of the controls: U+2400 to U+2421.
                Put([0xe2, 0x90, b == Delete ? (byte)0xa1 : (byte)(0x80 + b)], joins: false);
                break;
        }
    }

    private void TakeCharacter()
    {
        ReadOnlySpan<byte> bytes = _character.AsSpan(0, _characterLength);
        switch (Rune.DecodeFromUtf8(bytes, out Rune rune, out _))
        {
            case OperationStatus.Done:
                UnicodeCategory category = Rune.GetUnicodeCategory(rune);
                if (Hides(rune, category))
                {
                    Unfinished();
                    break;
                }

                Put(bytes, category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark || rune.Value is 0x200c or 0x200d);
                _characterLength = 0;
                break;
            case OperationStatus.NeedMoreData:
                break;
            default:
                Unfinished();
                break;
        }
    }

    /// <summary>C1 controls, bidirectional overrides, tag characters, fillers and the like. The joiners of emoji and scripts are text.</summary>
    private static bool Hides(Rune rune, UnicodeCategory category) =>
        (category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            && rune.Value is not (0x200c or 0x200d))
        || Printable.IsFiller(rune);

    /// <summary>A character begun that is none, or must not be shown, becomes U+FFFD.</summary>
    private void Unfinished()
    {
        if (_characterLength > 0)
        {
            _characterLength = 0;
            Put("\uFFFD"u8, joins: false);
        }
    }

    private void Put(ReadOnlySpan<byte> character, bool joins)
    {
        if (_editing || _toStart)
        {
            Edit().Put(character, joins);
        }
        else
        {
            _line.Add(character);
        }
    }

    /// <summary>The line as cells, with the cursor where it is: only few lines are ever written over.</summary>
    private EditedLine Edit()
    {
        if (!_editing)
        {
            _edited ??= new EditedLine();
            _edited.Load(_line.Bytes);
            _editing = true;
        }

        if (_toStart)
        {
            _edited!.Home();
            _toStart = false;
        }

        return _edited!;
    }
}
