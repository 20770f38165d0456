using System.Globalization;
using Xunit;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>A file system of a given size in memory, which a test can fill. Needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Detach = 2;
    private readonly string _filler;

    private SmallDisk(string path)
    {
        Path = path;
        _filler = System.IO.Path.Combine(path, "filler");
    }

    public string Path { get; }

    /// <summary>Skips the test where this user may not mount.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="files">How many files and folders it can hold; 0 is no limit.</param>
    public static SmallDisk Mount(int bytes, int files = 0)
    {
        string path = Directory.CreateTempSubdirectory("sup-disk-").FullName;
        string options = string.Create(CultureInfo.InvariantCulture, $"size={bytes},nr_inodes={files},mode=0700");
        if (Posix.mount("tmpfs", path, "tmpfs", 0, options) != 0)
        {
            Directory.Delete(path);
            Assert.Skip("mounting a small tmpfs needs root");
        }

        return new SmallDisk(path);
    }

    /// <summary>Takes all space that is left.</summary>
    public void Fill()
    {
        byte[] block = new byte[4096];
        try
        {
            using FileStream file = new(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(_filler);

    public void Dispose()
    {
        Posix.umount2(Path, Detach);
        Directory.Delete(Path);
    }
}
