using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Values;
using Xunit;

namespace Supervisor.Protocol.Tests;

public sealed class ValueTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("90s", 90_000)]
    [InlineData("90", 90_000)]
    [InlineData("0", 0)]
    [InlineData("15m", 900_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("1s500ms", 1_500)]
    [InlineData("90m", 5_400_000)]
    [InlineData("36525d", 3_155_760_000_000)]
    public void A_duration_is_read(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan value));
        Assert.Equal(milliseconds, value.TotalMilliseconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("-1h")]
    [InlineData("+1h")]
    [InlineData("1.5h")]
    [InlineData("1,5h")]
    [InlineData("h")]
    [InlineData("1x")]
    [InlineData("1H")]
    [InlineData("1 h")]
    [InlineData(" 1h")]
    [InlineData("1h ")]
    [InlineData("1h1h")]
    [InlineData("30m1h")]
    [InlineData("1h30")]
    [InlineData("1ms1s")]
    [InlineData("abc")]
    [InlineData("0x10")]
    [InlineData("36526d")]
    [InlineData("36525d1ms")]
    [InlineData("9223372036854775807")]
    [InlineData("9223372036854775808d")]
    [InlineData("99999999999999999999999999s")]
    [InlineData("\u0661s")]
    [InlineData("1h\n")]
    public void Anything_else_is_no_duration(string? text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void A_duration_written_in_units_is_the_sum_of_them()
    {
        Gen<(int D, int H, int M, int S, int Ms)> parts =
            from d in Gen.Choose(0, 1000)
            from h in Gen.Choose(0, 1000)
            from m in Gen.Choose(0, 1000)
            from s in Gen.Choose(0, 1000)
            from ms in Gen.Choose(0, 1000)
            select (d, h, m, s, ms);
        Prop.ForAll(parts.ToArbitrary(), p =>
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"{p.D}d{p.H}h{p.M}m{p.S}s{p.Ms}ms");
            return DurationText.TryParse(text, out TimeSpan value)
                && value == new TimeSpan(p.D, p.H, p.M, p.S, p.Ms);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(-5, "0.00s")]
    [InlineData(0, "0.00s")]
    [InlineData(420, "0.42s")]
    [InlineData(12_340, "12.3s")]
    [InlineData(245_000, "4m05s")]
    [InlineData(11_520_000, "3h12m")]
    [InlineData(187_200_000, "2d4h")]
    [InlineData(86_400_000, "1d")]
    [InlineData(88_200_000, "1d")]
    public void A_duration_is_shown_for_people(long milliseconds, string text) =>
        Assert.Equal(text, DurationText.ForPeople(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("0", 0)]
    [InlineData("17", 17)]
    [InlineData("1K", 1024)]
    [InlineData("1KiB", 1024)]
    [InlineData("256M", 268_435_456)]
    [InlineData("256MiB", 268_435_456)]
    [InlineData("2G", 2_147_483_648)]
    [InlineData("2GiB", 2_147_483_648)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8589934591G", 9_223_372_035_781_033_984)]
    public void A_size_is_read(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long value));
        Assert.Equal(bytes, value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("K")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5M")]
    [InlineData("1k")]
    [InlineData("1KB")]
    [InlineData("1 K")]
    [InlineData("1KK")]
    [InlineData("1T")]
    [InlineData("x")]
    [InlineData("9223372036854775808")]
    [InlineData("8589934592G")]
    [InlineData("9007199254740992K")]
    [InlineData("1\n")]
    public void Anything_else_is_no_size(string? text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(17, "17 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(12 * 1024 * 1024, "12 MiB")]
    public void A_size_is_shown_for_people(long bytes, string text) => Assert.Equal(text, ByteSize.ForPeople(bytes));

    [Theory]
    [InlineData("80x24", 80, 24)]
    [InlineData("1x1", 1, 1)]
    [InlineData("65535x65535", 65535, 65535)]
    public void A_terminal_size_is_columns_by_rows(string text, int columns, int rows)
    {
        Assert.True(TerminalSize.TryParse(text, out TerminalSize size));
        Assert.Equal(new TerminalSize((ushort)columns, (ushort)rows), size);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("80x")]
    [InlineData("x24")]
    [InlineData("0x24")]
    [InlineData("80x0")]
    [InlineData("65536x1")]
    [InlineData("1x65536")]
    [InlineData("-1x24")]
    [InlineData("80X24")]
    [InlineData("80x24x1")]
    [InlineData("80 x 24")]
    [InlineData("80x24\n")]
    public void Anything_else_is_no_terminal_size(string? text) => Assert.False(TerminalSize.TryParse(text, out _));

    [Theory]
    [InlineData(1, "SIGHUP")]
    [InlineData(2, "SIGINT")]
    [InlineData(3, "SIGQUIT")]
    [InlineData(6, "SIGABRT")]
    [InlineData(9, "SIGKILL")]
    [InlineData(10, "SIGUSR1")]
    [InlineData(11, "SIGSEGV")]
    [InlineData(12, "SIGUSR2")]
    [InlineData(13, "SIGPIPE")]
    [InlineData(15, "SIGTERM")]
    [InlineData(17, "SIGCHLD")]
    [InlineData(18, "SIGCONT")]
    [InlineData(19, "SIGSTOP")]
    [InlineData(20, "SIGTSTP")]
    [InlineData(28, "SIGWINCH")]
    [InlineData(31, "SIGSYS")]
    [InlineData(32, "SIG32")]
    [InlineData(34, "SIGRTMIN")]
    [InlineData(35, "SIGRTMIN+1")]
    [InlineData(64, "SIGRTMIN+30")]
    [InlineData(65, "SIG65")]
    [InlineData(0, "SIG0")]
    public void A_signal_has_its_name(int signal, string name) => Assert.Equal(name, SignalName.Of(signal));

    [Theory]
    [InlineData("TERM", 15)]
    [InlineData("SIGTERM", 15)]
    [InlineData("sigterm", 15)]
    [InlineData("15", 15)]
    [InlineData("HUP", 1)]
    [InlineData("64", 64)]
    [InlineData("RTMIN", 34)]
    [InlineData("SIGRTMIN+30", 64)]
    public void A_signal_is_read_as_people_write_it(string text, int signal)
    {
        Assert.True(SignalName.TryParse(text, out int read));
        Assert.Equal(signal, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData("SIG")]
    [InlineData("SIG15")]
    [InlineData("TERMS")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMIN-1")]
    [InlineData("99999999999")]
    public void What_is_no_signal_is_not_read(string? text) => Assert.False(SignalName.TryParse(text, out _));


    [Fact]
    public void A_time_is_RFC_3339_in_UTC_and_is_read_back_exactly()
    {
        Gen<DateTime> times = from day in Gen.Choose(0, 80_000)
                              from rest in Gen.Choose(0, int.MaxValue)
                              select DateTime.UnixEpoch.AddDays(day).AddTicks(rest * 401L);
        Prop.ForAll(times.ToArbitrary(), time =>
        {
            string text = Timestamp.Of(time);
            Assert.Matches(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{7}Z$", text);
            Assert.True(Timestamp.TryParse(text, out DateTime back));
            Assert.Equal(time, back);
            Assert.Equal(DateTimeKind.Utc, back.Kind);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_local_time_is_written_as_UTC()
    {
        DateTime utc = new(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc);
        Assert.Equal("2026-03-04T05:06:07.0000000Z", Timestamp.Of(utc.ToLocalTime()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("2026-13-01T00:00:00Z")]
    public void Anything_else_is_no_time(string? text) => Assert.False(Timestamp.TryParse(text, out _));
}
