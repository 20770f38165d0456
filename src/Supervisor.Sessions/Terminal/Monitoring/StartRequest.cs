using System.Buffers.Binary;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Terminal.Monitoring;

/// <summary>A command on its way to the monitor, which starts it. Fields in order, each text with its length before it.</summary>
internal static class StartRequest
{
    public static byte[] Encode(CommandSpec spec, bool foreground, Termios? userSettings)
    {
        using MemoryStream stream = new();
        Write(stream, spec.Arguments);
        Write(stream, spec.Environment);
        Write(stream, spec.WorkingDirectory is null ? 0 : 1);
        Write(stream, NativeText.Encode(spec.WorkingDirectory ?? ""));
        Write(stream, spec.Caller.OpenFilesSoftLimit is null ? 0 : 1);
        Write(stream, spec.Caller.OpenFilesSoftLimit ?? 0);
        Write(stream, spec.Caller.IgnoredSignals);
        Write(stream, spec.Caller.BlockedSignals);
        Write(stream, spec.Caller.ClosedDescriptors);
        Write(stream, foreground, userSettings);
        return stream.ToArray();
    }

    /// <summary>The end of a start request alone: where the command goes on, and what the user's terminal is like by now.</summary>
    public static byte[] EncodeContinue(bool foreground, Termios? userSettings)
    {
        using MemoryStream stream = new();
        Write(stream, foreground, userSettings);
        return stream.ToArray();
    }

    public static (bool Foreground, Termios? UserSettings) DecodeContinue(ReadOnlySpan<byte> payload)
    {
        Reader reader = new(payload);
        bool foreground = reader.Number() == 1;
        return (foreground, reader.Number() == 1 ? Settings(reader.Rest) : null);
    }

    private static unsafe void Write(MemoryStream stream, bool foreground, Termios? userSettings)
    {
        Write(stream, foreground ? 1 : 0);
        Write(stream, userSettings is null ? 0 : 1);
        Termios settings = userSettings ?? default;
        stream.Write(new ReadOnlySpan<byte>(&settings, sizeof(Termios)));
    }

    public static StartOrder Decode(byte[] payload)
    {
        Reader reader = new(payload);
        List<byte[]> arguments = reader.Texts();
        List<byte[]> environment = reader.Texts();
        bool hasDirectory = reader.Number() == 1;
        byte[] directory = reader.Text();
        bool hasLimit = reader.Number() == 1;
        ulong limit = reader.Wide();
        CallerState caller = new(hasLimit ? limit : null, reader.Wide(), reader.Wide(), reader.Number());
        bool foreground = reader.Number() == 1;
        bool hasSettings = reader.Number() == 1;
        return new StartOrder
        {
            Spec = new CommandSpec
            {
                Arguments = arguments,
                Environment = environment,
                WorkingDirectory = hasDirectory ? NativeText.Decode(directory) : null,
                Caller = caller,
            },
            Foreground = foreground,
            UserSettings = hasSettings ? Settings(reader.Rest) : null,
        };
    }

    private static unsafe Termios Settings(ReadOnlySpan<byte> bytes)
    {
        Termios settings;
        bytes[..sizeof(Termios)].CopyTo(new Span<byte>(&settings, sizeof(Termios)));
        return settings;
    }

    private static void Write(MemoryStream stream, IReadOnlyList<byte[]> texts)
    {
        Write(stream, texts.Count);
        for (int i = 0; i < texts.Count; i++)
        {
            Write(stream, texts[i]);
        }
    }

    private static void Write(MemoryStream stream, byte[] text)
    {
        Write(stream, text.Length);
        stream.Write(text);
    }

    private static void Write(MemoryStream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private static void Write(MemoryStream stream, ulong number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number);
        stream.Write(bytes);
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        public ReadOnlySpan<byte> Rest { get; private set; } = rest;

        public int Number() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

        public ulong Wide() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

        public byte[] Text() => Take(Number()).ToArray();

        public List<byte[]> Texts()
        {
            int count = Number();
            List<byte[]> texts = [];
            for (int i = 0; i < count; i++)
            {
                texts.Add(Text());
            }

            return texts;
        }

        private ReadOnlySpan<byte> Take(int length)
        {
            ReadOnlySpan<byte> taken = Rest[..length];
            Rest = Rest[length..];
            return taken;
        }
    }
}

/// <summary>What the monitor is to start, and how.</summary>
internal sealed class StartOrder
{
    public required CommandSpec Spec { get; init; }

    public required bool Foreground { get; init; }

    /// <summary>The user's terminal as it is to be put back; null when there is none.</summary>
    public required Termios? UserSettings { get; init; }
}
