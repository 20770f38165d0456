using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Supervisor.Protocol.Files;
using Xunit;

namespace Supervisor.Protocol.Tests;

public sealed class RawFieldsTests
{
    private const string Sample = """
        {"a":1,"b":"text","c":null,"d":[1,"two",{"a":9}],"e":{"a":"in\"ner","x":[]},"f":-1.5e+3,"g":"\u00e9\ud83d\ude00\\","h":true,"a2":""}
        """;

    [Fact]
    public void Fields_are_found_as_they_are_written()
    {
        Assert.True(RawFields.TryParse(Encoding.UTF8.GetBytes(Sample), out RawFields fields));
        Assert.Equal(1, fields.Integer("a"u8));
        Assert.Equal("text", fields.Plain("b"u8));
        Assert.Equal("null", Encoding.UTF8.GetString(fields.Raw("c"u8)));
        Assert.Equal("[1,\"two\",{\"a\":9}]", Encoding.UTF8.GetString(fields.Raw("d"u8)));
        Assert.Equal("{\"a\":\"in\\\"ner\",\"x\":[]}", Encoding.UTF8.GetString(fields.Raw("e"u8)));
        Assert.Equal("", fields.Plain("a2"u8));
        Assert.True(fields.Raw("x"u8).IsEmpty);
        Assert.Null(fields.Plain("g"u8));
        Assert.Null(fields.Plain("a"u8));
        Assert.Null(fields.Integer("f"u8));
        Assert.Null(fields.Integer("b"u8));
        Assert.True(default(RawFields).Raw("a"u8).IsEmpty);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("-7", -7L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9223372036854775808", null)]
    [InlineData("99999999999999999999", null)]
    [InlineData("1.0", null)]
    [InlineData("1e3", null)]
    [InlineData("null", null)]
    public void Whole_numbers_are_read(string json, long? expected)
    {
        Assert.True(RawFields.TryParse(Encoding.UTF8.GetBytes("{ \"n\" : " + json + " }"), out RawFields fields));
        Assert.Equal(expected, fields.Integer("n"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":+1}")]
    [InlineData("{\"a\":1.}")]
    [InlineData("{\"a\":.5}")]
    [InlineData("{\"a\":tru}")]
    [InlineData("{\"a\":\"\n\"}")]
    [InlineData("{\"a\":\"\\x\"}")]
    [InlineData("{\"a\":\"\\u12\"}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":\"\\ud800\\u0041\"}")]
    [InlineData("{\"a\":\"\\udc00\"}")]
    [InlineData("{\"a\":[1 2]}")]
    [InlineData("{\"a\":[1}")]
    [InlineData("{\"a\":1]")]
    public void Anything_else_is_refused(string json) => Assert.False(RawFields.TryParse(Encoding.UTF8.GetBytes(json), out _));

    [Fact]
    public void Bytes_that_are_no_text_are_refused() => Assert.False(RawFields.TryParse([.. "{\"a\":\""u8, 0xff, .. "\"}"u8], out _));

    [Fact]
    public void Endless_depth_is_refused() =>
        Assert.False(RawFields.TryParse(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000)), out _));

    /// <summary>Sound JSON with a few bytes changed, cut or doubled.</summary>
    [Fact]
    public void It_accepts_exactly_what_System_Text_Json_reads()
    {
        byte[] sample = Encoding.UTF8.GetBytes(Sample);
        byte[] alphabet = "{}[]\",:\\u0019-+.eEtrufalsn dD8 \n"u8.ToArray();
        Gen<byte[]> damaged =
            from count in Gen.Choose(0, 3)
            from places in Gen.Choose(0, sample.Length - 1).ArrayOf(count)
            from kinds in Gen.Choose(0, 2).ArrayOf(count)
            from values in Gen.Elements(alphabet).ArrayOf(count)
            select Damage(sample, places, kinds, values);
        Prop.ForAll(damaged.ToArbitrary(), bytes => RawFields.TryParse(bytes, out _) == ReadsAsObject(bytes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    private static byte[] Damage(byte[] sample, int[] places, int[] kinds, byte[] values)
    {
        List<byte> bytes = [.. sample];
        for (int i = 0; i < places.Length; i++)
        {
            int at = Math.Min(places[i], bytes.Count - 1);
            switch (kinds[i])
            {
                case 0:
                    bytes[at] = values[i];
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                default:
                    bytes.Insert(at, values[i]);
                    break;
            }
        }

        return [.. bytes];
    }

    private static bool ReadsAsObject(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object && Strings(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Reads every string: only then a half of a surrogate pair is noticed.</summary>
    private static bool Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString() is not null,
        JsonValueKind.Array => element.EnumerateArray().All(Strings),
        JsonValueKind.Object => element.EnumerateObject().All(p => p.Name is not null && Strings(p.Value)),
        _ => true,
    };
}
