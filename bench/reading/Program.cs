using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Supervisor.Protocol;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Reading;

[assembly: SupportedOSPlatform("linux")]

// reading ID READS: milliseconds of reading 16 KB at random cursors, 99th of 100 and median: through the reader, then the
// file alone.
const int PageBytes = 16 * 1024;
StateRoot root = StateRoot.Locate(Environment.GetEnvironmentVariable);
int reads = int.Parse(args[1], CultureInfo.InvariantCulture);
using SessionFiles files = SessionFiles.Open(root, SessionId.TryParse(args[0], out SessionId id) ? id : throw new InvalidOperationException("no id"))
    ?? throw new InvalidOperationException("no such session");
using TranscriptReader reader = new(files);
using FileStream output = files.OpenOutput()!;
long end = reader.End - PageBytes;
byte[] buffer = new byte[PageBytes];
double[] ours = new double[reads];
double[] plain = new double[reads];
Random random = new(1);
long read = 0;
for (int i = 0; i < reads; i++)
{
    long cursor = random.NextInt64(end);
    long started = Stopwatch.GetTimestamp();
    read += reader.Read(cursor, PageBytes).NextCursor - cursor;
    ours[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    cursor = random.NextInt64(end);
    started = Stopwatch.GetTimestamp();
    RandomAccess.Read(output.SafeFileHandle, buffer, cursor);
    plain[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
}

if (read != (long)reads * PageBytes)
{
    throw new InvalidOperationException("a page was short");
}

Array.Sort(ours);
Array.Sort(plain);
Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{ours[reads * 99 / 100]:0.000} {ours[reads / 2]:0.000} {plain[reads * 99 / 100]:0.000} {plain[reads / 2]:0.000}"));
