using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(BuiltOnce))]

// The tests mostly wait for other processes.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
