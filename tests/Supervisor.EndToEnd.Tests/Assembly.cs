using System.Runtime.Versioning;
using Supervisor.EndToEnd.Tests.Harness;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(BuiltOnce))]

// The tests mostly wait for other processes.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
