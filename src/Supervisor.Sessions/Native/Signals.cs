namespace Supervisor.Sessions.Native;

/// <summary>Signal numbers (Linux) and sets of them. A set is one machine word: bit n-1 stands for signal n.</summary>
internal static unsafe class Signals
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
    public const int SIGTSTP = 20;
    public const int SIGTTIN = 21;
    public const int SIGTTOU = 22;
    public const int SIGXFSZ = 25;
    public const int SIGVTALRM = 26;
    public const int SIGPROF = 27;
    public const int SIGWINCH = 28;
    public const int SIGIO = 29;
    public const int SIGPWR = 30;

    /// <summary>si_code of a signal the kernel raised: a key typed at the terminal, or its hang-up.</summary>
    public const int SI_KERNEL = 0x80;

    private const int SIG_BLOCK = 0;
    private const int SIG_UNBLOCK = 1;
    private const int SetWords = 16;

    private const nint Default = 0;
    private const nint Ignored = 1;

    /// <summary>
    /// What sup reads from a signalfd instead of taking it. All of its threads must have these blocked, which only
    /// holds when the process was started so (see Launch).
    /// </summary>
    public static readonly ulong Handled = SetOf(
        SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH,
        SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR);

    public static ulong SetOf(params ReadOnlySpan<int> signals)
    {
        ulong set = 0;
        foreach (int signal in signals)
        {
            set |= 1UL << (signal - 1);
        }

        return set;
    }

    public static bool Contains(ulong set, int signal) => (set & (1UL << (signal - 1))) != 0;

    /// <summary>Writes <paramref name="set"/> as a glibc sigset_t, which is 128 bytes long.</summary>
    public static void Fill(ulong* sigset, ulong set)
    {
        new Span<ulong>(sigset, SetWords).Clear();
        sigset[0] = set;
    }

    /// <summary>Blocks <paramref name="set"/> in the calling thread and returns what was blocked before.</summary>
    public static ulong Block(ulong set) => Change(SIG_BLOCK, set);

    public static ulong Unblock(ulong set) => Change(SIG_UNBLOCK, set);

    public static void SetDefault(int signal) => Libc.signal(signal, Default);

    public static void Ignore(int signal) => Libc.signal(signal, Ignored);

    private static ulong Change(int how, ulong set)
    {
        ulong* wanted = stackalloc ulong[SetWords];
        ulong* old = stackalloc ulong[SetWords];
        Fill(wanted, set);
        new Span<ulong>(old, SetWords).Clear();
        Libc.pthread_sigmask(how, wanted, old);
        return old[0];
    }
}
