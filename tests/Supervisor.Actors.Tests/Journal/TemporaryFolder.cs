namespace Supervisor.Actors.Tests.Journal;

/// <summary>A folder of one test, made when it is first used, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly Lazy<string> _path = new(() => Directory.CreateTempSubdirectory("sup-journal-").FullName);

    public string Path => _path.Value;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (_path.IsValueCreated)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
