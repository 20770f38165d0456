using Supervisor.Protocol.Live;

namespace Supervisor.Sessions.Live;

/// <summary>What a session's owner does for those who ask over its live socket. Called on the socket's thread; must not wait.</summary>
internal interface ILiveOwner
{
    /// <summary>How the session is now.</summary>
    LiveMessage Status();

    /// <summary>What to add to the hello that answers this one.</summary>
    /// <param name="hello">Its role and epoch say who it is.</param>
    /// <param name="answer">What is said to everybody.</param>
    LiveMessage Greet(LiveMessage hello, LiveMessage answer);

    /// <summary>
    /// Does what is asked, now or soon: <paramref name="answer"/> is called once, on any thread, with a message of type
    /// <c>done</c> or <c>error</c>.
    /// </summary>
    void Handle(LiveMessage request, Action<LiveMessage> answer);
}
