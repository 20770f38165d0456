using System.Runtime.CompilerServices;
using System.Text;
using Supervisor.Actors.Journal;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>
/// Compares a registry with files of what was once written. For each manifest <c>session-started/1</c> there is a file
/// <c>session-started.1.json</c>, or several, <c>session-started.1.*.json</c>. A file is what some journal holds: more may be added, none changed.
/// </summary>
internal static class GoldenEvents
{
    /// <summary>The folder <c>Golden</c> beside the caller's source.</summary>
    public static string Folder([CallerFilePath] string source = "") => Path.Combine(Path.GetDirectoryName(source)!, "Golden");

    /// <summary>
    /// Every manifest has a file; every file is read, to a type that the registry knows; and each sample is written as its file says, byte for byte.
    /// With <c>SUP_GOLDEN=add</c> the files of samples that have none are made.
    /// </summary>
    public static void Check(EventRegistry registry, string folder, params object[] samples)
    {
        foreach (object sample in samples)
        {
            (string manifest, byte[] payload) = registry.Serialize(sample);
            string file = Path.Combine(folder, Name(manifest) + ".json");
            if (!File.Exists(file) && string.Equals(Environment.GetEnvironmentVariable("SUP_GOLDEN"), "add", StringComparison.Ordinal))
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(file, Encoding.UTF8.GetString(payload) + "\n");
            }

            Assert.True(File.Exists(file), $"{manifest} has no golden file {file}; SUP_GOLDEN=add makes it");
            Assert.Equal(File.ReadAllText(file).TrimEnd('\n'), Encoding.UTF8.GetString(payload));
        }

        List<string> files = [.. Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal)];
        foreach (string manifest in registry.Manifests)
        {
            List<string> own = files.FindAll(file => Path.GetFileName(file).StartsWith(Name(manifest) + ".", StringComparison.Ordinal));
            Assert.True(own.Count > 0, $"{manifest} has no golden file in {folder}");
            own.ForEach(file => Assert.NotNull(registry.Deserialize(manifest, File.ReadAllBytes(file))));
            files.RemoveAll(own.Contains);
        }

        Assert.Empty(files);
    }

    private static string Name(string manifest) => manifest.Replace('/', '.');
}
