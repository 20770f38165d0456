using Supervisor.Protocol.Files;
using Supervisor.Sessions.Store;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>Reads a transcript's files as another program would: no code of the writers.</summary>
internal static class Transcript
{
    public static byte[] Output(string folder) => File.ReadAllBytes(Path.Combine(folder, Artifact.Output));

    public static List<IndexRecord> Index(string folder) =>
        [.. Lines(folder, Artifact.Index).Select(line => IndexRecord.Parse(line) ?? throw new InvalidDataException("a torn index line"))];

    public static List<TranscriptEvent> Events(string folder) =>
        [.. Lines(folder, Artifact.Events).Select(line => TranscriptEvent.Read(line)!)];

    /// <summary>The channels of an index in order, neighbours put together.</summary>
    public static List<(Channel Channel, long Length)> Runs(IEnumerable<IndexRecord> records) =>
        Joined(records.SelectMany(r => r.Runs).Select(r => (r.Channel, r.Length)));

    public static List<(Channel Channel, long Length)> Joined(IEnumerable<(Channel Channel, long Length)> pieces)
    {
        List<(Channel Channel, long Length)> runs = [];
        foreach ((Channel channel, long length) in pieces.Where(p => p.Length > 0))
        {
            if (runs.Count > 0 && runs[^1].Channel == channel)
            {
                runs[^1] = (channel, runs[^1].Length + length);
            }
            else
            {
                runs.Add((channel, length));
            }
        }

        return runs;
    }

    private static IEnumerable<byte[]> Lines(string folder, string name)
    {
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, name));
        int start = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] == (byte)'\n')
            {
                yield return bytes[start..i];
                start = i + 1;
            }
        }

        if (start != bytes.Length)
        {
            throw new InvalidDataException($"{name} ends in the middle of a line");
        }
    }
}
