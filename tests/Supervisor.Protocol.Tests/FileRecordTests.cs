using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Files;
using Xunit;

namespace Supervisor.Protocol.Tests;

/// <summary>
/// The files of a session are written (<c>ToLine</c>) and read (<c>Read</c>) field by field. These tests hold the two
/// together: what one writes the other reads, whatever stands in it.
/// </summary>
public sealed class FileRecordTests
{
    /// <summary>The fields of the contract, in its order.</summary>
    private const string MetaFields =
        "schema_version id name command working_directory script_path script_hash started_at retention_seconds "
        + "silence_after_seconds transport_mode tty_attached terminal streaming restart success_codes allow_input "
        + "max_output_bytes attempt pid pid_start_time boot_id owner_pid owner_start_time socket labels host";

    private const string FinalFields =
        "schema_version id attempt state end_reason ended_at exit_code signal duration_seconds output_bytes error survivors boot_id";

    private const string AttemptFields =
        "attempt claimed_at pid pid_start_time boot_id started_at start_cursor ended_at exit_code signal end_cursor error";

    private static readonly string[] Hostile =
    [
        "", "\"", "\\", "\\\"", "\\u0041", "\0", "\u0001", "\u001f", "\u007f", "\u0080", "\u009b31m", "\u2028", "\u2029", "\ufeff", "\uffff",
        "\n", "\r\n", "\t", "/", "</script>", "{\"id\":\"x\"}", "null", "😀", "\U0010ffff", "\ud83d", "\ude00", "\ude00\ud83d", "a\ud83dz",
        "\u001b]0;x\a", "é", "\u202e", "'", "`", "&", "+", "<", "%s", new('x', 5000),
    ];

    /// <summary>Strings made of the pieces above and of any UTF-16 code units.</summary>
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Elements(Hostile).ListOf().Select(p => string.Concat(p.Take(6))),
        Gen.Choose(0, 0xffff).ArrayOf().Select(c => new string([.. c.Select(u => (char)u)])));

    private static readonly Gen<DateTime> Times =
        ArbMap.Default.GeneratorFor<long>().Select(t => new DateTime((t & long.MaxValue) % DateTime.MaxValue.Ticks, DateTimeKind.Utc));

    private static readonly Gen<int> Ints = Gen.OneOf(Gen.Choose(int.MinValue, int.MaxValue), Gen.Elements(0, -1, int.MaxValue, int.MinValue));

    private static readonly Gen<long> Longs = Gen.OneOf(ArbMap.Default.GeneratorFor<long>(), Gen.Elements(0, long.MaxValue, long.MinValue));

    private static readonly Gen<double> Doubles = Gen.Elements(0, 0.1, 1d / 3, 30, 1e-7, 1e16, 1e300, double.MaxValue, double.Epsilon, -2.5);

    [Fact]
    public void Meta_is_read_back_as_it_was_written() => CheckRoundTrip<SessionMeta>(m => m.ToLine(), l => SessionMeta.Read(l));

    [Fact]
    public void Final_is_read_back_as_it_was_written() => CheckRoundTrip<SessionFinal>(f => f.ToLine(), l => SessionFinal.Read(l));

    [Fact]
    public void An_attempt_is_read_back_as_it_was_written() => CheckRoundTrip<AttemptRecord>(a => a.ToLine(), l => AttemptRecord.Read(l));

    [Fact]
    public void An_event_is_read_back_as_it_was_written()
    {
        Prop.ForAll(Any<TranscriptEvent>().ToArbitrary(), written =>
        {
            // Only one of type "exited" says how something exited.
            AssertSame(written with { ExitCode = null, Signal = null }, TranscriptEvent.Read(written.ToLine())!);
            TranscriptEvent exited = written with { Type = "exited" };
            AssertSame(exited, TranscriptEvent.Read(exited.ToLine())!);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_property_is_in_the_line_under_its_name()
    {
        foreach (SessionMeta meta in Gen.Sample(Any<SessionMeta>(), 20, 20))
        {
            Assert.Equal(PropertyFields<SessionMeta>(), Fields(meta.ToLine()));
        }

        foreach (SessionFinal final in Gen.Sample(Any<SessionFinal>(), 20, 20))
        {
            Assert.Equal(PropertyFields<SessionFinal>(), Fields(final.ToLine()));
        }

        foreach (AttemptRecord attempt in Gen.Sample(Any<AttemptRecord>(), 20, 20))
        {
            Assert.Equal(PropertyFields<AttemptRecord>(), Fields(attempt.ToLine()));
        }

        TranscriptEvent full = new()
        {
            Type = "exited",
            Offset = 1,
            Timestamp = DateTime.UnixEpoch,
            Attempt = 1,
            Pid = 1,
            ExitCode = 1,
            Signal = "s",
            Columns = 1,
            Rows = 1,
            Bytes = 1,
            Reason = "r",
        };
        Assert.Equal(PropertyFields<TranscriptEvent>(), Fields(full.ToLine()));
    }

    [Fact]
    public void The_fields_of_the_contract_are_there()
    {
        Assert.Equal(MetaFields.Split(' ').Order(StringComparer.Ordinal), PropertyFields<SessionMeta>());
        Assert.Equal(FinalFields.Split(' ').Order(StringComparer.Ordinal), PropertyFields<SessionFinal>());
        Assert.Subset(PropertyFields<AttemptRecord>().ToHashSet(StringComparer.Ordinal), AttemptFields.Split(' ').ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void Absent_values_are_null_and_lists_never_are()
    {
        using JsonDocument meta = JsonDocument.Parse(Meta().ToLine());
        foreach (string name in new[] { "name", "working_directory", "script_path", "script_hash", "pid", "pid_start_time", "socket" })
        {
            Assert.Equal(JsonValueKind.Null, meta.RootElement.GetProperty(name).ValueKind);
        }

        Assert.Equal(JsonValueKind.Array, meta.RootElement.GetProperty("command").ValueKind);
        Assert.Equal("[0]", meta.RootElement.GetProperty("success_codes").GetRawText());
        Assert.Equal("{}", meta.RootElement.GetProperty("labels").GetRawText());

        using JsonDocument final = JsonDocument.Parse(Final().ToLine());
        foreach (string name in new[] { "exit_code", "signal", "error" })
        {
            Assert.Equal(JsonValueKind.Null, final.RootElement.GetProperty(name).ValueKind);
        }

        Assert.Equal("[]", final.RootElement.GetProperty("survivors").GetRawText());
    }

    [Fact]
    public void The_schema_version_is_written()
    {
        Assert.Contains("\"schema_version\":\"v1alpha1\"", Encoding.UTF8.GetString(Meta().ToLine()), StringComparison.Ordinal);
        Assert.Contains("\"schema_version\":\"v1alpha1\"", Encoding.UTF8.GetString(Final().ToLine()), StringComparison.Ordinal);
    }

    [Fact]
    public void Times_are_written_in_UTC()
    {
        using JsonDocument meta = JsonDocument.Parse(Meta().ToLine());
        Assert.Equal("2026-01-02T03:04:05.0000000Z", meta.RootElement.GetProperty("started_at").GetString());
    }

    [Fact]
    public void A_file_is_one_line()
    {
        Prop.ForAll(Any<SessionMeta>().ToArbitrary(), meta =>
        {
            byte[] line = meta.ToLine();
            return line[^1] == (byte)'\n' && Array.IndexOf(line, (byte)'\n') == line.Length - 1 && !line.Any(b => b is < 0x20 and not (byte)'\n' or 0x7f);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Fields_that_a_reader_does_not_know_are_ignored()
    {
        string line = Encoding.UTF8.GetString(Meta().ToLine());
        string later = "{\"colour\":{\"of\":[1,2,{\"the\":null}]},\"id2\":\"y\"," + line[1..];
        AssertSame(Meta(), SessionMeta.Read(Encoding.UTF8.GetBytes(later))!);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"id\":1}")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{\"id\":")]
    [InlineData("{\"id\":}")]
    [InlineData("{\"id\":[}")]
    [InlineData("{\"labels\":{\"a\":1}}")]
    [InlineData("{\"success_codes\":[1.5]}")]
    [InlineData("{\"name\":\"\\ud800\"}")]
    [InlineData("\0\0\0\0")]
    public void What_is_no_such_file_is_refused_not_guessed(string text) =>
        Assert.Null(SessionMeta.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_file_torn_anywhere_is_refused_and_one_with_a_byte_changed_never_fails()
    {
        byte[] line = Meta().ToLine();
        for (int length = 0; length < line.Length - 1; length++)
        {
            Assert.Null(SessionMeta.Read(line.AsSpan(0, length)));
        }

        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. line];
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            _ = SessionMeta.Read(changed);
            _ = TranscriptEvent.Read(changed);
            _ = SessionFinal.Read(changed);
        }
    }

    [Fact]
    public void Something_behind_the_object_is_refused()
    {
        byte[] line = Meta().ToLine();
        Assert.Null(SessionMeta.Read([.. line, .. "{}"u8]));
        Assert.Null(SessionMeta.Read([.. line, .. line]));
        Assert.NotNull(SessionMeta.Read([.. " \n"u8, .. line, .. "\r\n "u8]));
    }

    [Fact]
    public void Times_are_read_as_UTC()
    {
        string line = Encoding.UTF8.GetString(Meta().ToLine());
        foreach (string time in new[] { "2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05", "2026-01-02T03:04:05.0000000Z" })
        {
            SessionMeta meta = SessionMeta.Read(Encoding.UTF8.GetBytes(line.Replace("2026-01-02T03:04:05.0000000Z", time, StringComparison.Ordinal)))!;
            Assert.Equal(Meta().StartedAt, meta.StartedAt);
            Assert.Equal(DateTimeKind.Utc, meta.StartedAt.Kind);
        }
    }

    private static SessionMeta Meta() => new()
    {
        Id = "x",
        Command = ["a"],
        StartedAt = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc),
        RetentionSeconds = 1,
        TransportMode = "pipe",
        MaxOutputBytes = 1,
        BootId = "b",
        OwnerPid = 1,
        OwnerStartTime = 1,
        Host = "h",
    };

    private static SessionFinal Final() => new()
    {
        Id = "x",
        Attempt = 1,
        State = "exited",
        EndReason = "exit",
        EndedAt = DateTime.UnixEpoch,
        DurationSeconds = 0,
        OutputBytes = 0,
    };

    private static void CheckRoundTrip<T>(Func<T, byte[]> write, Func<byte[], T?> read)
        where T : class =>
        Prop.ForAll(Any<T>().ToArbitrary(), written => AssertSame(written, read(write(written))!)).QuickCheckThrowOnFailure();

    /// <summary>A record with something, or nothing where that is allowed, in every property, also in those added later.</summary>
    private static Gen<T> Any<T>()
        where T : class
    {
        PropertyInfo[] properties = Properties<T>();
        NullabilityInfoContext nullability = new();
        Gen<object?>[] values = [.. properties.Select(p => AnyValue(p.PropertyType, nullability.Create(p).WriteState == NullabilityState.Nullable))];
        return Gen.CollectToArray(values).Select(v =>
        {
            T record = (T)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(T));
            for (int i = 0; i < properties.Length; i++)
            {
                properties[i].SetValue(record, v[i]);
            }

            return record;
        });
    }

    private static Gen<object?> AnyValue(Type type, bool nullable)
    {
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        Gen<object?> value =
            inner == typeof(string) ? Texts.Select(v => (object?)v)
            : inner == typeof(int) ? Ints.Select(v => (object?)v)
            : inner == typeof(long) ? Longs.Select(v => (object?)v)
            : inner == typeof(double) ? Doubles.Select(v => (object?)v)
            : inner == typeof(bool) ? Gen.Elements(true, false).Select(v => (object?)v)
            : inner == typeof(DateTime) ? Times.Select(v => (object?)v)
            : inner == typeof(IReadOnlyList<string>) ? Texts.ListOf().Select(v => (object?)v.ToList())
            : inner == typeof(IReadOnlyList<int>) ? Ints.ListOf().Select(v => (object?)v.ToList())
            : inner == typeof(IReadOnlyDictionary<string, string>) ? Labels().Select(v => (object?)v)
            : inner == typeof(IReadOnlyList<Survivor>) ? Survivors().Select(v => (object?)v)
            : throw new NotSupportedException($"teach this test to make a {inner}");
        return nullable ? Gen.OneOf(value, Gen.Constant((object?)null)) : value;
    }

    /// <summary>Keys that differ also once written: two halves of pairs both become U+FFFD.</summary>
    private static Gen<Dictionary<string, string>> Labels() =>
        Texts.Two().ListOf().Select(pairs => pairs.DistinctBy(p => WellFormed(p.Item1), StringComparer.Ordinal).ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal));

    private static Gen<List<Survivor>> Survivors() =>
        (from pid in Ints from start in Longs from name in Texts select new Survivor(pid, start, name)).ListOf().Select(s => s.ToList());

    /// <summary>Those that hold something, and do not just tell.</summary>
    private static PropertyInfo[] Properties<T>() => [.. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite)];

    private static IEnumerable<string> PropertyFields<T>() =>
        Properties<T>().Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name)).Order(StringComparer.Ordinal);

    private static List<string> Fields(byte[] line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return [.. document.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)];
    }

    private static void AssertSame<T>(T expected, T actual)
        where T : class
    {
        foreach (PropertyInfo property in Properties<T>())
        {
            AssertSameValue(property.Name, property.GetValue(expected), property.GetValue(actual));
        }
    }

    private static void AssertSameValue(string name, object? expected, object? actual)
    {
        switch (expected)
        {
            case string text:
                Assert.Equal(WellFormed(text), actual);
                break;
            case IReadOnlyDictionary<string, string> labels:
                Assert.Equal(
                    labels.ToDictionary(p => WellFormed(p.Key), p => WellFormed(p.Value), StringComparer.Ordinal),
                    Assert.IsType<IReadOnlyDictionary<string, string>>(actual, exactMatch: false).ToDictionary(StringComparer.Ordinal));
                break;
            case IEnumerable list:
                object[] want = [.. list.Cast<object>()];
                object[] have = [.. Assert.IsType<IEnumerable>(actual, exactMatch: false).Cast<object>()];
                Assert.Equal(want.Length, have.Length);
                for (int i = 0; i < want.Length; i++)
                {
                    AssertSameValue(name, want[i], have[i]);
                }

                break;
            case Survivor survivor:
                Assert.Equal(survivor with { Command = WellFormed(survivor.Command) }, actual);
                break;
            default:
                Assert.True(Equals(expected, actual), $"{name}: {expected} became {actual}");
                break;
        }
    }

    /// <summary>Halves of surrogate pairs cannot be in UTF-8; each becomes U+FFFD.</summary>
    private static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
