using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;

namespace Supervisor.Actors.Journal;

/// <summary>An event or a state as it is stored.</summary>
/// <param name="Manifest">The stable name of its form.</param>
/// <param name="Payload">JSON, UTF-8.</param>
public readonly record struct SerializedEvent(string Manifest, byte[] Payload);

/// <summary>
/// Which stored name stands for which type: <c>session-started/1</c>, never the name of a class, so that classes may be renamed. Names are for
/// ever. A field that is not known is ignored; a name that is not known is refused.
/// </summary>
public sealed partial class EventRegistry
{
    /// <summary>The longest JSON of one event or snapshot, in bytes.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    private readonly FrozenDictionary<Type, Entry> _byType;
    private readonly FrozenDictionary<string, Entry> _byManifest;

    private EventRegistry(IEnumerable<Entry> current, IEnumerable<Entry> all)
    {
        _byType = current.ToFrozenDictionary(entry => entry.Info.Type);
        _byManifest = all.ToFrozenDictionary(entry => entry.Manifest, StringComparer.Ordinal);
    }

    /// <summary>Every name that can be read, in order.</summary>
    public IEnumerable<string> Manifests => _byManifest.Keys.Order(StringComparer.Ordinal);

    /// <summary>The name under which this type is written.</summary>
    public string ManifestOf(Type type) =>
        _byType.TryGetValue(type, out Entry? entry) ? entry.Manifest : throw new EventFormatException($"no manifest is registered for {type.Name}");

    /// <exception cref="EventFormatException">The type is not registered, cannot be written, or is too long.</exception>
    public SerializedEvent Serialize(object value)
    {
        if (!_byType.TryGetValue(value.GetType(), out Entry? entry))
        {
            throw new EventFormatException($"no manifest is registered for {value.GetType().Name}");
        }

        byte[] payload;
        try
        {
            payload = JsonSerializer.SerializeToUtf8Bytes(value, entry.Info);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new EventFormatException($"{entry.Manifest} cannot be written as JSON", e);
        }

        return payload.Length <= MaxBytes
            ? new SerializedEvent(entry.Manifest, payload)
            : throw new EventFormatException($"{entry.Manifest} is {payload.Length} bytes long; at most {MaxBytes} are stored");
    }

    /// <exception cref="EventFormatException">The manifest is not known, or the JSON is not of that form.</exception>
    public object Deserialize(string manifest, ReadOnlySpan<byte> payload)
    {
        if (!_byManifest.TryGetValue(manifest, out Entry? entry))
        {
            throw new EventFormatException($"the manifest {manifest} is not known to this version");
        }

        object? value;
        try
        {
            value = JsonSerializer.Deserialize(payload, entry.Info);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new EventFormatException($"what is stored as {manifest} is not of that form", e);
        }

        return value is null ? throw new EventFormatException($"what is stored as {manifest} is null") : entry.Upgrade(value);
    }

    [GeneratedRegex(@"^[a-z][a-z0-9]*(-[a-z0-9]+)*/[1-9][0-9]{0,3}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ManifestForm();

    private sealed record Entry(string Manifest, JsonTypeInfo Info, Func<object, object> Upgrade);

    /// <summary>Collects the names.</summary>
    public sealed class Builder
    {
        private readonly List<Entry> _current = [];
        private readonly List<Entry> _all = [];

        /// <summary>A form that is written and read.</summary>
        /// <param name="manifest">Lower-case words with hyphens, a slash, and the number of the form: <c>session-started/1</c>.</param>
        /// <param name="info">From a source-generated context.</param>
        public Builder Add<T>(string manifest, JsonTypeInfo<T> info)
            where T : class
        {
            Entry entry = Checked(manifest, info, static value => value);
            if (_current.Exists(other => other.Info.Type == typeof(T)))
            {
                throw new ArgumentException($"{typeof(T).Name} has a manifest already", nameof(info));
            }

            _current.Add(entry);
            _all.Add(entry);
            return this;
        }

        /// <summary>A form that was written once and is only read now, with what makes today's event of it.</summary>
        public Builder AddOld<T>(string manifest, JsonTypeInfo<T> info, Func<T, object> upgrade)
            where T : class
        {
            _all.Add(Checked(manifest, info, value => upgrade((T)value)));
            return this;
        }

        public EventRegistry Build() => new(_current, _all);

        private Entry Checked(string manifest, JsonTypeInfo info, Func<object, object> upgrade)
        {
            if (!ManifestForm().IsMatch(manifest))
            {
                throw new ArgumentException($"not a manifest: {manifest}", nameof(manifest));
            }

            if (_all.Exists(other => string.Equals(other.Manifest, manifest, StringComparison.Ordinal)))
            {
                throw new ArgumentException($"{manifest} is registered already", nameof(manifest));
            }

            return info.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow
                ? throw new ArgumentException($"{manifest} must ignore fields that it does not know", nameof(info))
                : new Entry(manifest, info, upgrade);
        }
    }
}

/// <summary>An event cannot be stored, or what is stored cannot be read.</summary>
public sealed class EventFormatException(string message, Exception? inner = null) : Exception(message, inner);
