using System.Text;

namespace Supervisor.Sessions.Native;

/// <summary>
/// Reads a folder entry by entry with getdents64(2), from any place in it: .NET's own enumeration cannot begin in the middle, costs
/// a run a tenth of its start, and loses names that are not UTF-8.
/// </summary>
internal sealed unsafe class FolderReader : IDisposable
{
    private const int BufferBytes = 32 * 1024;

    /// <summary>Offsets in struct linux_dirent64.</summary>
    private const int NextPosition = 8, RecordLength = 16, RecordType = 18, RecordName = 19;

    private const byte TypeUnknown = 0, TypeFolder = 4;

    private readonly int _fd;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _at;
    private int _end;

    /// <param name="folder">An opened folder; it is opened once more, so that its own position does not change.</param>
    /// <param name="position">A <see cref="Position"/> from before, of this folder; 0 is the beginning.</param>
    public FolderReader(int folder, long position = 0)
    {
        _fd = Io.OpenAt(folder, ".", Libc.O_RDONLY | Libc.O_DIRECTORY);
        Error = _fd < 0 ? Errno.Last : 0;
        if (_fd >= 0 && position != 0 && Libc.lseek(_fd, position, 0) == position)
        {
            Position = position;
        }
    }

    /// <summary>Why there is nothing more; 0 at the end.</summary>
    public int Error { get; private set; }

    /// <summary>Behind the present entry, for <see cref="FolderReader(int, long)"/>. Only the file system knows what it means.</summary>
    public long Position { get; private set; }

    /// <summary>The present entry's name, as the file system has it, and a NUL.</summary>
    public byte[] RawName { get; private set; } = [];

    /// <summary>The name as text; what is not UTF-8 in it makes it another.</summary>
    public string Name => Encoding.UTF8.GetString(RawName, 0, RawName.Length - 1);

    /// <summary>Whether the entry may be a folder: some file systems do not say. A link to one is none.</summary>
    public bool MayBeFolder { get; private set; }

    /// <summary>Goes to the next entry; false at the end. <c>.</c> and <c>..</c> are left out.</summary>
    public bool Next()
    {
        while (_at < _end || Fill())
        {
            fixed (byte* record = &_buffer[_at])
            {
                Position = *(long*)(record + NextPosition);
                MayBeFolder = record[RecordType] is TypeFolder or TypeUnknown;
                _at += *(ushort*)(record + RecordLength);
                int length = 0;
                while (record[RecordName + length] != 0)
                {
                    length++;
                }

                RawName = new ReadOnlySpan<byte>(record + RecordName, length + 1).ToArray();
            }

            if (RawName is not ([(byte)'.', 0] or [(byte)'.', (byte)'.', 0]))
            {
                return true;
            }
        }

        return false;
    }

    private bool Fill()
    {
        if (_fd < 0)
        {
            return false;
        }

        fixed (byte* buffer = _buffer)
        {
            _at = 0;
            _end = (int)Libc.syscall(Libc.SYS_getdents64, _fd, (long)buffer, BufferBytes);
        }

        Error = _end < 0 ? Errno.Last : 0;
        _end = Math.Max(0, _end);
        return _end > 0;
    }

    public void Dispose() => Libc.close(_fd);
}
