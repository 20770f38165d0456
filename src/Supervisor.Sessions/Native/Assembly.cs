using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

// Every P/Invoke here is blittable, so ReadyToRun compiles it ahead: a stub made at run time costs milliseconds at start.
[assembly: DisableRuntimeMarshalling]

// Windows' ConPTY will be a third terminal beside PTY and pipes; until it is there, sup says so and stops (Program.cs).
[assembly: SupportedOSPlatform("linux")]
