using System.Text;
using System.Text.Json.Serialization;
using Supervisor.Actors.Journal;
using Supervisor.Actors.Tests.Testing;

namespace Supervisor.Actors.Tests.Journal;

public sealed partial class EventRegistryTests
{
    [Fact]
    public void What_was_once_written_is_read_and_what_is_written_stays_the_same() => GoldenEvents.Check(
        Ledger.Registry, GoldenEvents.Folder(), new Added("a"), new Removed("a", 2), new LedgerState(["a", "b"]));

    [Fact]
    public void An_event_comes_back_under_a_name_that_is_no_class_name()
    {
        SerializedEvent stored = Ledger.Registry.Serialize(new Removed("é\n", 3));
        Assert.Equal("removed/1", stored.Manifest);
        Assert.Equal("{\"text\":\"\\u00E9\\n\",\"count\":3}", Encoding.UTF8.GetString(stored.Payload));
        Assert.Equal(new Removed("é\n", 3), Ledger.Registry.Deserialize(stored.Manifest, stored.Payload));
        Assert.Equal("removed/1", Ledger.Registry.ManifestOf(typeof(Removed)));
    }

    [Fact]
    public void An_old_form_becomes_todays_event_and_unknown_fields_are_ignored() =>
        Assert.Equal(new Added("x"), Ledger.Registry.Deserialize("added/1", "{\"t\":\"x\",\"new\":{\"deep\":[1]}}"u8));

    [Theory]
    [InlineData("added/3")]
    [InlineData("Added/1")]
    [InlineData("Supervisor.Actors.Tests.Journal.Added")]
    [InlineData("")]
    public void An_unknown_manifest_is_refused_by_name(string manifest) =>
        Assert.Contains(manifest, Assert.Throws<EventFormatException>(() => Ledger.Registry.Deserialize(manifest, "{}"u8)).Message);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"text\":1}")]
    [InlineData("{\"text\":\"a\"")]
    public void What_is_not_of_its_form_is_refused(string json) => Assert.Throws<EventFormatException>(
        () => Ledger.Registry.Deserialize("added/2", Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void What_cannot_be_stored_is_refused()
    {
        Assert.Throws<EventFormatException>(() => Ledger.Registry.Serialize("no event"));
        Assert.Throws<EventFormatException>(() => Ledger.Registry.Serialize(new AddedV1("only read")));
        Assert.Throws<EventFormatException>(() => Ledger.Registry.Serialize(new Added(new string('x', EventRegistry.MaxBytes))));
    }

    [Theory]
    [InlineData("added")]
    [InlineData("added/0")]
    [InlineData("added/01")]
    [InlineData("Added/1")]
    [InlineData("added /1")]
    [InlineData("-added/1")]
    [InlineData("added/1\n")]
    public void A_manifest_has_one_form(string manifest) =>
        Assert.Throws<ArgumentException>(() => new EventRegistry.Builder().Add(manifest, LedgerJson.Default.Added));

    [Fact]
    public void A_manifest_and_a_type_are_registered_once()
    {
        EventRegistry.Builder builder = new EventRegistry.Builder().Add("added/1", LedgerJson.Default.Added);
        Assert.Throws<ArgumentException>(() => builder.Add("added/1", LedgerJson.Default.Removed));
        Assert.Throws<ArgumentException>(() => builder.Add("added/2", LedgerJson.Default.Added));
    }

    [Fact]
    public void A_form_that_refuses_unknown_fields_is_no_form_for_events() =>
        Assert.Throws<ArgumentException>(() => new EventRegistry.Builder().Add("strict/1", StrictJson.Default.Strict));

    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record Strict(string Text);

    [JsonSerializable(typeof(Strict))]
    internal sealed partial class StrictJson : JsonSerializerContext;
}
