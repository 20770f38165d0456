using Xunit;

namespace Supervisor.Sessions.Tests.Support;

/// <summary>Tests that nothing else may run beside.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
