using System.Runtime.InteropServices;
using System.Text;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Terminal.Monitoring;

/// <summary>A command on its way to the monitor, which starts it.</summary>
internal static class StartRequest
{
    public static unsafe byte[] Encode(CommandSpec spec, bool foreground, Termios? userSettings)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        WriteStrings(writer, spec.Arguments);
        WriteStrings(writer, spec.Environment);
        writer.Write(spec.WorkingDirectory is not null);
        writer.Write(spec.WorkingDirectory ?? "");
        writer.Write(spec.Caller.OpenFilesSoftLimit is not null);
        writer.Write(spec.Caller.OpenFilesSoftLimit ?? 0);
        writer.Write(spec.Caller.IgnoredSignals);
        writer.Write(spec.Caller.BlockedSignals);
        writer.Write(spec.Caller.ClosedDescriptors);
        writer.Write(foreground);
        writer.Write(userSettings is not null);
        Termios settings = userSettings ?? default;
        writer.Write(new ReadOnlySpan<byte>(&settings, sizeof(Termios)));
        writer.Flush();
        return stream.ToArray();
    }

    public static unsafe (CommandSpec Spec, bool Foreground, Termios? UserSettings) Decode(byte[] payload)
    {
        using BinaryReader reader = new(new MemoryStream(payload), Encoding.UTF8);
        byte[][] arguments = ReadStrings(reader);
        byte[][] environment = ReadStrings(reader);
        bool hasDirectory = reader.ReadBoolean();
        string directory = reader.ReadString();
        bool hasLimit = reader.ReadBoolean();
        ulong limit = reader.ReadUInt64();
        CallerState caller = new(hasLimit ? limit : null, reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadInt32());
        CommandSpec spec = new()
        {
            Arguments = arguments,
            Environment = environment,
            WorkingDirectory = hasDirectory ? directory : null,
            Caller = caller,
        };
        bool foreground = reader.ReadBoolean();
        bool hasSettings = reader.ReadBoolean();
        Termios settings = MemoryMarshal.Read<Termios>(reader.ReadBytes(sizeof(Termios)));
        return (spec, foreground, hasSettings ? settings : null);
    }

    private static void WriteStrings(BinaryWriter writer, IReadOnlyList<byte[]> strings)
    {
        writer.Write(strings.Count);
        foreach (byte[] text in strings)
        {
            writer.Write(text.Length);
            writer.Write(text);
        }
    }

    private static byte[][] ReadStrings(BinaryReader reader)
    {
        byte[][] strings = new byte[reader.ReadInt32()][];
        for (int i = 0; i < strings.Length; i++)
        {
            strings[i] = reader.ReadBytes(reader.ReadInt32());
        }

        return strings;
    }
}
