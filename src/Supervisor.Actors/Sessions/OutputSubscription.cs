using Supervisor.Protocol;

namespace Supervisor.Actors.Sessions;

/// <summary>Brings a message to the <see cref="LogStreamActor"/> of a session, whichever actor is that session's.</summary>
/// <param name="SessionId">Which.</param>
/// <param name="Message"><see cref="LogStreamProtocol.Subscribe"/>, whose channel is completed at once where nobody looks after the session, or <see cref="LogStreamProtocol.Unsubscribe"/>.</param>
internal sealed record OutputSubscription(SessionId SessionId, object Message)
{
    /// <summary>Nobody looks after it.</summary>
    public void Refuse()
    {
        if (Message is LogStreamProtocol.Subscribe subscribe)
        {
            subscribe.Ends.TryComplete();
        }
    }
}

/// <summary>From the parent of the supervised sessions: it is none of them.</summary>
internal sealed record NotSupervised(OutputSubscription Subscription);
