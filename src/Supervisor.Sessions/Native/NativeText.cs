using System.Buffers;
using System.Text;

namespace Supervisor.Sessions.Native;

/// <summary>
/// Text as the kernel has it, which is bytes, in a string that loses none of them: a byte that is not UTF-8 stands as a lone surrogate,
/// U+DC00 plus its value, as Python does it (PEP 383).
/// </summary>
internal static class NativeText
{
    private const char Base = '\uDC00', First = '\uDC80', Last = '\uDCFF';

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        Span<char> chars = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            int length = 1;
            if (bytes[0] < 0x80)
            {
                text.Append((char)bytes[0]);
            }
            else if (Rune.DecodeFromUtf8(bytes, out Rune rune, out length) == OperationStatus.Done)
            {
                text.Append(chars[..rune.EncodeToUtf16(chars)]);
            }
            else
            {
                length = 1;
                text.Append((char)(Base + bytes[0]));
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    public static byte[] Encode(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        int length = 0;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            bool isByte = i < text.Length && text[i] is >= First and <= Last && (i == 0 || !char.IsHighSurrogate(text[i - 1]));
            if (isByte || i == text.Length)
            {
                length += Encoding.UTF8.GetBytes(text.AsSpan(start, i - start), bytes.AsSpan(length));
                start = i + 1;
            }

            if (isByte)
            {
                bytes[length++] = (byte)(text[i] - Base);
            }
        }

        return bytes[..length];
    }
}
