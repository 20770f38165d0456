using System.Globalization;
using System.Text;

namespace Supervisor.Sessions.Native;

/// <summary>
/// Stream sockets in a folder, by its descriptor: bound and reached through <c>/proc/self/fd</c>, so the 108 bytes of an address are
/// enough at any depth, and no link on the way leads elsewhere. All are non-blocking and close-on-exec.
/// </summary>
internal static unsafe class UnixSocket
{
    private const int Backlog = 1024;

    /// <summary>Binds and listens; only the owner may connect. Returns the descriptor, or minus the errno.</summary>
    public static int Listen(int folder, string name)
    {
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0);
        if (fd < 0)
        {
            return -Errno.Last;
        }

        // Before bind(2), this is the mode the socket's file gets.
        UnixAddress address = Address(folder, name);
        if (Libc.fchmod(fd, Store.OwnedFolder.FileMode) != 0
            || Libc.bind(fd, &address, (uint)sizeof(UnixAddress)) != 0
            || Libc.listen(fd, Backlog) != 0)
        {
            int error = Errno.Last;
            Libc.close(fd);
            return -error;
        }

        return fd;
    }

    /// <summary>Connects. Returns the descriptor, or minus the errno: EAGAIN when the other side takes nobody at the moment.</summary>
    public static int Connect(int folder, string name)
    {
        int fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK, 0);
        if (fd < 0)
        {
            return -Errno.Last;
        }

        UnixAddress address = Address(folder, name);
        if (Libc.connect(fd, &address, (uint)sizeof(UnixAddress)) != 0)
        {
            int error = Errno.Last;
            Libc.close(fd);
            return -error;
        }

        return fd;
    }

    /// <summary>Takes the next connection. Returns the descriptor, or minus the errno.</summary>
    public static int Accept(int listener)
    {
        int fd = Libc.accept4(listener, null, null, Libc.SOCK_CLOEXEC | Libc.SOCK_NONBLOCK);
        return fd >= 0 ? fd : -Errno.Last;
    }

    /// <summary>Whether the process at the other end is the same user's.</summary>
    public static bool IsSameUser(int fd) => TryGetPeer(fd, out PeerCredentials peer) && peer.Uid == Libc.geteuid();

    /// <summary>Who connected, or who listens. A pid is 0 where it belongs to another namespace.</summary>
    public static bool TryGetPeer(int fd, out PeerCredentials peer)
    {
        uint length = (uint)sizeof(PeerCredentials);
        fixed (PeerCredentials* p = &peer)
        {
            return Libc.getsockopt(fd, Libc.SOL_SOCKET, Libc.SO_PEERCRED, p, &length) == 0;
        }
    }

    /// <summary>Sends what the other side's buffer takes now. Returns how much, or minus the errno.</summary>
    public static int Send(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            nint n;
            do
            {
                n = Libc.send(fd, p, bytes.Length, Libc.MSG_DONTWAIT | Libc.MSG_NOSIGNAL);
            }
            while (n < 0 && Errno.Last == Errno.EINTR);

            return n >= 0 ? (int)n : -Errno.Last;
        }
    }

    private static UnixAddress Address(int folder, string name)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{folder}/{name}");
        UnixAddress address = new() { Family = Libc.AF_UNIX };
        Encoding.UTF8.GetBytes(path, new Span<byte>(address.Path, UnixAddress.MaxPath - 1));
        return address;
    }
}
