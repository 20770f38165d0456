using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Values;
using Xunit;

namespace Supervisor.Protocol.Tests;

public sealed class MomentTests
{
    private static readonly DateTime Now = new(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Central Europe's rules: +1 in winter, +2 from the last Sunday of March, 02:00, to that of October, 03:00.</summary>
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone(
        "test", TimeSpan.FromHours(1), "test", "test", "test summer",
        [
            TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
                new DateTime(2000, 1, 1), new DateTime(2099, 12, 31), TimeSpan.FromHours(1),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday),
                TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday)),
        ]);

    [Theory]
    [InlineData("2026-05-01T09:30:00Z", "2026-05-01T09:30:00.0000000Z")]
    [InlineData("2026-05-01t09:30:00z", "2026-05-01T09:30:00.0000000Z")]
    [InlineData("2026-05-01 09:30:00Z", "2026-05-01T09:30:00.0000000Z")]
    [InlineData("2026-05-01T09:30:00+02:00", "2026-05-01T07:30:00.0000000Z")]
    [InlineData("2026-05-01T09:30:00-07:30", "2026-05-01T17:00:00.0000000Z")]
    [InlineData("2026-05-01T09:30:00-00:00", "2026-05-01T09:30:00.0000000Z")]
    [InlineData("2026-05-01T00:30:00+23:59", "2026-04-30T00:31:00.0000000Z")]
    [InlineData("2026-05-01T09:30:00.5Z", "2026-05-01T09:30:00.5000000Z")]
    [InlineData("2026-05-01T09:30:00.1234567Z", "2026-05-01T09:30:00.1234567Z")]
    [InlineData("2026-05-01T09:30:00.123456789123Z", "2026-05-01T09:30:00.1234567Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.0000000Z")]
    [InlineData("2017-01-01T00:59:60+01:00", "2017-01-01T00:00:00.0000000Z")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.0000000Z")]
    [InlineData("@0", "1970-01-01T00:00:00.0000000Z")]
    [InlineData("@1777627800", "2026-05-01T09:30:00.0000000Z")]
    [InlineData("@1777627800.250", "2026-05-01T09:30:00.2500000Z")]
    [InlineData("@253402300798", "9999-12-31T23:59:58.0000000Z")]
    [InlineData("0", "2026-05-01T12:00:00.0000000Z")]
    [InlineData("2026", "2026-05-01T11:26:14.0000000Z")]
    [InlineData("90", "2026-05-01T11:58:30.0000000Z")]
    [InlineData("500ms", "2026-05-01T11:59:59.5000000Z")]
    [InlineData("1h30m", "2026-05-01T10:30:00.0000000Z")]
    [InlineData("7d", "2026-04-24T12:00:00.0000000Z")]
    [InlineData("2026-05-01", "2026-04-30T22:00:00.0000000Z")]
    [InlineData("2026-01-01", "2025-12-31T23:00:00.0000000Z")]
    [InlineData("2026-05-01 09:30", "2026-05-01T07:30:00.0000000Z")]
    [InlineData("2026-05-01 09:30:15", "2026-05-01T07:30:15.0000000Z")]
    [InlineData("2026-10-25 02:30", "2026-10-25T00:30:00.0000000Z")]
    [InlineData("2026-03-29 02:30", "2026-03-29T01:30:00.0000000Z")]
    public void A_time_is_read(string text, string expected)
    {
        Assert.True(Moment.TryParse(text, Now, Zone, out DateTime time));
        Assert.Equal(expected, Timestamp.Of(time));
        Assert.Equal(DateTimeKind.Utc, time.Kind);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("now")]
    [InlineData("yesterday")]
    [InlineData("-1h")]
    [InlineData("1h ago")]
    [InlineData("@")]
    [InlineData("@-1")]
    [InlineData("@1.")]
    [InlineData("@.5")]
    [InlineData("@1e9")]
    [InlineData("@ 1")]
    [InlineData("@253402300800")]
    [InlineData("@99999999999999999999")]
    [InlineData("2026-05")]
    [InlineData("2026-5-1")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-29")]
    [InlineData("2026-05-01 9:30")]
    [InlineData("2026-05-01 24:00")]
    [InlineData("2026-05-01 09:30:60")]
    [InlineData("2026-05-01T09:30")]
    [InlineData("2026-05-01T09:30:00")]
    [InlineData("2026-05-01T09:30:00.Z")]
    [InlineData("2026-05-01T09:30:00,5Z")]
    [InlineData("2026-05-01T09:30:00+02")]
    [InlineData("2026-05-01T09:30:00+0200")]
    [InlineData("2026-05-01T09:30:00+24:00")]
    [InlineData("2026-05-01T09:30:00+02:60")]
    [InlineData("2026-05-01T09:30:00 Z")]
    [InlineData("2026-05-01T09:30:60Z")]
    [InlineData("2026-05-01_09:30:00Z")]
    [InlineData("2026-05-01T09:30:00Zx")]
    [InlineData(" 2026-05-01")]
    [InlineData("2026-05-01 ")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01")]
    [InlineData("\u0662026-05-01")]
    public void Anything_else_is_no_time(string? text) => Assert.False(Moment.TryParse(text, Now, Zone, out _));

    [Fact]
    public void What_files_hold_is_read_back_whole()
    {
        Gen<DateTime> times =
            from day in Gen.Choose(0, (DateTime.MaxValue - DateTime.MinValue).Days)
            from second in Gen.Choose(0, 86_399)
            from tick in Gen.Choose(0, (int)TimeSpan.TicksPerSecond - 1)
            select DateTime.SpecifyKind(DateTime.MinValue.AddDays(day).AddSeconds(second).AddTicks(tick), DateTimeKind.Utc);
        Prop.ForAll(
            times.ToArbitrary(),
            time => Moment.TryParse(Timestamp.Of(time), Now, Zone, out DateTime read) && read == time).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_duration_means_so_long_ago()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seconds =>
            Moment.TryParse(seconds.ToString(CultureInfo.InvariantCulture), Now, Zone, out DateTime read)
            && Now - read == TimeSpan.FromSeconds(seconds)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_text_makes_it_fail_otherwise_than_by_saying_no()
    {
        Gen<string> texts = Gen.Elements([.. "0123456789-:+.@TtZz dhms\u0661"]).ArrayOf().Select(c => new string(c));
        Prop.ForAll(texts.ToArbitrary(), text => !Moment.TryParse(text, Now, Zone, out DateTime read) || read.Kind == DateTimeKind.Utc)
            .QuickCheckThrowOnFailure();
    }
}
