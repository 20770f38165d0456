using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Store;

/// <summary>
/// Terminal output as lines that cannot act on the terminal that shows them: escape sequences go (colours may stay), other
/// controls too, and characters that hide or turn text around become visible. A stream: state is kept across pieces, and
/// an escape sequence without end is dropped as it comes, not collected.
/// </summary>
public sealed class PlainText(bool keepColours)
{
    private const byte Escape = 0x1b;
    private const byte Bell = 7;
    private const byte Cancel = 0x18;
    private const byte Substitute = 0x1a;
    private const int MaxSequence = 64;

    private readonly List<byte> _output = [];
    private readonly List<byte> _sequence = [];
    private readonly List<byte> _character = [];
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

    /// <summary>The text of one more piece. Valid until the next call.</summary>
    public byte[] Convert(ReadOnlySpan<byte> bytes)
    {
        _output.Clear();
        foreach (byte b in bytes)
        {
            Take(b);
        }

        return [.. _output];
    }

    private void Take(byte b)
    {
        if (_state != State.Text && (b is Cancel or Substitute))
        {
            // Either ends any sequence (ECMA-48, the VT500 parser).
            _sequence.Clear();
            _state = State.Text;
            return;
        }

        if ((_state is State.Escape or State.Intermediate or State.Csi) && (b is (byte)'\n' or (byte)'\t'))
        {
            // Controls inside a sequence act as if they stood before it.
            _output.Add(b);
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

    private void TakeEscape(byte b) => _state = b switch
    {
        (byte)'[' => State.Csi,
        (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_' => State.String,
        >= 0x20 and <= 0x2f => State.Intermediate,
        Escape => State.Escape,
        _ => State.Text,
    };

    private void TakeCsi(byte b)
    {
        if (_sequence.Count < MaxSequence)
        {
            _sequence.Add(b);
        }

        if (b == Escape)
        {
            _sequence.Clear();
            _state = State.Escape;
        }
        else if (b is >= 0x40 and <= 0x7e)
        {
            if (b == (byte)'m' && keepColours && _sequence.Count < MaxSequence && _sequence.TrueForAll(c => c is >= 0x30 and <= 0x3b or (byte)'m'))
            {
                _output.Add(Escape);
                _output.Add((byte)'[');
                _output.AddRange(_sequence);
            }

            _sequence.Clear();
            _state = State.Text;
        }
    }

    private void TakeText(byte b)
    {
        if (_character.Count > 0 && (b & 0xc0) != 0x80)
        {
            // An unfinished character cannot be shown.
            Visible();
        }

        if (b == Escape)
        {
            _state = State.Escape;
        }
        else if (b is (byte)'\n' or (byte)'\t' or (>= 0x20 and < 0x7f))
        {
            _output.Add(b);
        }
        else if (b >= 0x80)
        {
            _character.Add(b);
            TakeCharacter();
        }
    }

    private void TakeCharacter()
    {
        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_character);
        switch (Rune.DecodeFromUtf8(bytes, out Rune rune, out _))
        {
            case System.Buffers.OperationStatus.Done when Hides(rune):
                Visible();
                break;
            case System.Buffers.OperationStatus.Done:
                _output.AddRange(bytes);
                _character.Clear();
                break;
            case System.Buffers.OperationStatus.NeedMoreData:
                break;
            default:
                Visible();
                break;
        }
    }

    /// <summary>C1 controls, bidirectional overrides, tag characters and the like. The joiners of emoji and scripts are text.</summary>
    private static bool Hides(Rune rune) =>
        rune.Value is not (0x200c or 0x200d)
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private void Visible()
    {
        _character.Clear();
        _output.AddRange("\uFFFD"u8);
    }
}
