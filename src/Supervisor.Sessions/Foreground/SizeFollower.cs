using Supervisor.Protocol.Values;
using Supervisor.Sessions.Terminal;

namespace Supervisor.Sessions.Foreground;

/// <summary>Gives the command's terminal the size of the user's, whenever that changes.</summary>
internal sealed class SizeFollower(UserTerminal? user, ICommandTerminal terminal)
{
    private TerminalSize? _size;
    private bool _isFixed;

    /// <summary>Told each new size.</summary>
    public Action<TerminalSize>? Changed { get; set; }

    /// <summary>The size the terminal was made with.</summary>
    public void Begin(TerminalSize? size) => _size = size;

    /// <summary>A size that was asked for stays, whatever the user's terminal does.</summary>
    public void Fix(TerminalSize size)
    {
        (_size, _isFixed) = (size, true);
        terminal.Resize(size);
    }

    public void Follow()
    {
        if (!_isFixed && user?.Size is { } size && size != _size)
        {
            _size = size;
            terminal.Resize(size);
            Changed?.Invoke(size);
        }
    }
}
