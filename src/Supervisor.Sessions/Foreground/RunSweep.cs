using Supervisor.Protocol;
using Supervisor.Protocol.Errors;
using Supervisor.Sessions.Native;
using Supervisor.Sessions.Store;
using Supervisor.Sessions.Store.Retention;

namespace Supervisor.Sessions.Foreground;

/// <summary>
/// The few milliseconds of a run in which it removes sessions whose time is over. On a thread of its own: the others are the command's,
/// and a disk that hangs must hold none of them.
/// </summary>
internal sealed class RunSweep
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(5);

    /// <summary>Twice the budget: what is begun within it is ended, but a disk that hangs is not waited for.</summary>
    private const int WaitMilliseconds = 10;

    private readonly Func<StateRoot> _root;
    private readonly TimeProvider _time;
    private readonly string _own;
    private readonly Thread _thread;

    private RunSweep(Func<StateRoot> root, string own, TimeProvider time)
    {
        (_root, _own, _time) = (root, own, time);
        _thread = SmallThread.Start("sweep", Run);
    }

    public static RunSweep Start(Func<StateRoot> root, string own, TimeProvider time) => new(root, own, time);

    /// <summary>
    /// The command and its output have ended. A run that was shorter than the budget waits for its rest: else one who only ever
    /// runs short commands would never have anything removed.
    /// </summary>
    public void Wait() => _thread.Join(WaitMilliseconds);

    private void Run()
    {
        try
        {
            new RetentionSweep(_root(), _time, SessionId.TryParse(_own, out SessionId id) ? id : null).Run(Budget);
        }
        catch (Exception e) when (e is SupException or IOException or UnauthorizedAccessException)
        {
            // The run itself says that its state folder cannot be used; or it changed a moment ago, and the next sweep sees.
        }
    }
}
