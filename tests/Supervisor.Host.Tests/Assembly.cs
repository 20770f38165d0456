using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// The tests mostly wait for other processes.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
