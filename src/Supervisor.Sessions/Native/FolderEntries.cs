namespace Supervisor.Sessions.Native;

/// <summary>The entries of an open folder, by getdents64(2): .NET's own enumeration costs a run a tenth of its start.</summary>
internal unsafe ref struct FolderEntries(int folder)
{
    private const int BufferBytes = 4096;

    /// <summary>Offsets in struct linux_dirent64.</summary>
    private const int RecordLength = 16, RecordType = 18, RecordName = 19;

    private const byte TypeUnknown = 0, TypeFolder = 4;

    private fixed byte _buffer[BufferBytes];
    private int _length;
    private int _next;
    private int _at;

    /// <summary>The name, without the NUL. Valid until the next call of <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> rest = Bytes[(_at + RecordName).._next];
            return rest[..rest.IndexOf((byte)0)];
        }
    }

    /// <summary>False when it is certainly no folder; a link to one is none.</summary>
    public bool MayBeFolder => Bytes[_at + RecordType] is TypeFolder or TypeUnknown;

    private ReadOnlySpan<byte> Bytes
    {
        get
        {
            fixed (byte* buffer = _buffer)
            {
                return new ReadOnlySpan<byte>(buffer, BufferBytes);
            }
        }
    }

    /// <summary>Moves to the next entry, <c>.</c> and <c>..</c> among them; false behind the last, and on an error.</summary>
    public bool MoveNext()
    {
        if (_next >= _length)
        {
            fixed (byte* buffer = _buffer)
            {
                _length = (int)Libc.syscall(Libc.SYS_getdents64, folder, (long)buffer, BufferBytes);
            }

            _next = 0;
            if (_length <= 0)
            {
                _length = 0;
                return false;
            }
        }

        _at = _next;
        _next += System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(Bytes[(_at + RecordLength)..]);
        return true;
    }
}
