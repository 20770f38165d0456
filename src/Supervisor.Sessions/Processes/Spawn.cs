using System.Runtime.InteropServices;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Processes;

/// <summary>What the new process's descriptor becomes, in the order the actions are given.</summary>
/// <param name="Target">The descriptor in the new process.</param>
/// <param name="Source">
/// The descriptor of ours that it shall be (equal to <paramref name="Target"/>: it loses close-on-exec);
/// <see cref="Close"/> to close it.
/// </param>
internal sealed record DescriptorAction(int Target, int Source, string? Open = null)
{
    public const int Close = -1;
}

/// <summary>
/// posix_spawn(3) with everything sup sets. Nothing managed runs between fork and exec: .NET code there crashes.
/// </summary>
internal sealed unsafe class Spawn
{
    private const short SetProcessGroup = 0x02;
    private const short SetSignalDefault = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int AttributesSize = 512;
    private const int ActionsSize = 256;

    public required IReadOnlyList<byte[]> Arguments { get; init; }

    public required IReadOnlyList<byte[]> Environment { get; init; }

    public IReadOnlyList<DescriptorAction> Descriptors { get; init; } = [];

    public string? WorkingDirectory { get; init; }

    /// <summary>Starts a terminal session of its own.</summary>
    public bool NewSession { get; init; }

    /// <summary>Leads a process group of its own.</summary>
    public bool NewProcessGroup { get; init; }

    /// <summary>A terminal that the new group becomes the foreground of, or -1. Left undone by a C library before glibc 2.35.</summary>
    public int ForegroundOf { get; init; } = -1;

    public ulong SignalsToDefault { get; init; }

    public ulong SignalMask { get; init; }

    /// <summary>RLIMIT_NOFILE's soft value for the new process; null: as ours, which .NET raised to the hard one.</summary>
    public ulong? OpenFilesSoftLimit { get; init; }

    /// <summary>Starts <paramref name="path"/>; returns 0 and the pid, or the errno of whatever failed, execve included.</summary>
    public int Start(ReadOnlySpan<byte> path, out int pid)
    {
        using NativeStrings argv = new(Arguments);
        using NativeStrings envp = new(Environment);
        byte* attributes = stackalloc byte[AttributesSize];
        byte* actions = stackalloc byte[ActionsSize];
        ulong* set = stackalloc ulong[16];
        Libc.posix_spawnattr_init(attributes);
        Libc.posix_spawn_file_actions_init(actions);
        try
        {
            short flags = SetSignalMask | SetSignalDefault;
            flags |= NewSession ? SetSession : (short)0;
            flags |= NewProcessGroup ? SetProcessGroup : (short)0;
            Libc.posix_spawnattr_setflags(attributes, flags);
            Libc.posix_spawnattr_setpgroup(attributes, 0);
            Signals.Fill(set, SignalsToDefault);
            Libc.posix_spawnattr_setsigdefault(attributes, set);
            Signals.Fill(set, SignalMask);
            Libc.posix_spawnattr_setsigmask(attributes, set);

            int error = AddActions(actions);
            if (error != 0)
            {
                pid = 0;
                return error;
            }

            int child;
            fixed (byte* p = NativeStrings.Terminated(path))
            {
                // Lowered only now: the actions above are checked against the limit when they are added.
                ResourceLimit before = LowerOpenFiles();
                error = Libc.posix_spawn(&child, p, actions, attributes, argv.Pointers, envp.Pointers);
                Libc.setrlimit(Libc.RLIMIT_NOFILE, &before);
            }

            pid = error == 0 ? child : 0;
            return error;
        }
        finally
        {
            Libc.posix_spawn_file_actions_destroy(actions);
            Libc.posix_spawnattr_destroy(attributes);
        }
    }

    private ResourceLimit LowerOpenFiles()
    {
        ResourceLimit before;
        Libc.getrlimit(Libc.RLIMIT_NOFILE, &before);
        if (OpenFilesSoftLimit is { } soft && soft <= before.Hard)
        {
            ResourceLimit wanted = new() { Soft = soft, Hard = before.Hard };
            Libc.setrlimit(Libc.RLIMIT_NOFILE, &wanted);
        }

        return before;
    }

    private int AddActions(byte* actions)
    {
        foreach (DescriptorAction action in Descriptors)
        {
            int error;
            if (action.Open is { } path)
            {
                fixed (byte* p = Io.Path(path))
                {
                    error = Libc.posix_spawn_file_actions_addopen(actions, action.Target, p, Libc.O_RDWR, 0);
                }
            }
            else
            {
                error = action.Source == DescriptorAction.Close
                    ? Libc.posix_spawn_file_actions_addclose(actions, action.Target)
                    : Libc.posix_spawn_file_actions_adddup2(actions, action.Source, action.Target);
            }

            if (error != 0)
            {
                return error;
            }
        }

        if (WorkingDirectory is { } directory)
        {
            fixed (byte* p = Io.Path(directory))
            {
                int error = Libc.posix_spawn_file_actions_addchdir_np(actions, p);
                if (error != 0)
                {
                    return error;
                }
            }
        }

        return ForegroundOf >= 0 ? AddForeground(actions, ForegroundOf) : 0;
    }

    private static int AddForeground(byte* actions, int terminal)
    {
        try
        {
            return Libc.posix_spawn_file_actions_addtcsetpgrp_np(actions, terminal);
        }
        catch (EntryPointNotFoundException)
        {
            // The parent does it a moment later, and continues the command should it have been stopped in between.
            return 0;
        }
    }
}

/// <summary>A NULL-terminated array of NUL-terminated strings, as execve(2) takes it.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly int _count;

    public NativeStrings(IReadOnlyList<byte[]> strings)
    {
        _count = strings.Count;
        Pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < _count; i++)
        {
            byte[] text = strings[i];
            Pointers[i] = (byte*)NativeMemory.Alloc((nuint)text.Length + 1);
            text.AsSpan().CopyTo(new Span<byte>(Pointers[i], text.Length));
            Pointers[i][text.Length] = 0;
        }
    }

    public byte** Pointers { get; }

    public static byte[] Terminated(ReadOnlySpan<byte> text)
    {
        byte[] copy = new byte[text.Length + 1];
        text.CopyTo(copy);
        return copy;
    }

    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            NativeMemory.Free(Pointers[i]);
        }

        NativeMemory.Free(Pointers);
    }
}
