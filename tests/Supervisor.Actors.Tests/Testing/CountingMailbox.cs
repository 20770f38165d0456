using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Supervisor.Actors.Tests.Testing;

/// <summary>A mailbox that counts what is put into it, at its end and at its front.</summary>
internal sealed class CountingMailbox(Settings settings, Config config)
    : MailboxType(settings, config), IProducesMessageQueue<CountingMailbox.Queue>
{
    private static long s_ends;
    private static long s_fronts;

    public static long Ends => Interlocked.Read(ref s_ends);

    public static long Fronts => Interlocked.Read(ref s_fronts);

    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new Queue();

    internal sealed class Queue : IDequeBasedMessageQueueSemantics, IUnboundedDequeBasedMessageQueueSemantics, IMessageQueue
    {
        private readonly LinkedList<Envelope> _messages = new();

        public bool HasMessages => Count > 0;

        public int Count
        {
            get
            {
                lock (_messages)
                {
                    return _messages.Count;
                }
            }
        }

        public void Enqueue(IActorRef receiver, Envelope envelope)
        {
            lock (_messages)
            {
                Interlocked.Increment(ref s_ends);
                _messages.AddLast(envelope);
            }
        }

        public void EnqueueFirst(Envelope envelope)
        {
            lock (_messages)
            {
                Interlocked.Increment(ref s_fronts);
                _messages.AddFirst(envelope);
            }
        }

        public bool TryDequeue(out Envelope envelope)
        {
            lock (_messages)
            {
                envelope = _messages.First?.Value ?? default;
                if (_messages.Count == 0)
                {
                    return false;
                }

                _messages.RemoveFirst();
                return true;
            }
        }

        public void CleanUp(IActorRef owner, IMessageQueue deadletters)
        {
            while (TryDequeue(out Envelope envelope))
            {
                deadletters.Enqueue(owner, envelope);
            }
        }
    }
}
