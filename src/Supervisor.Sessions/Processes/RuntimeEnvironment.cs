using System.Text;

namespace Supervisor.Sessions.Processes;

/// <summary>What the .NET runtime itself needs to start this program again, as build/launch.sh sets it; nothing of the caller's.</summary>
internal static class RuntimeEnvironment
{
    /// <param name="names">Variables of this process to hand on, where they are set.</param>
    public static List<byte[]> With(params ReadOnlySpan<string> names)
    {
        List<byte[]> environment =
        [
            "DOTNET_EnableDiagnostics=0"u8.ToArray(), "DOTNET_GCgen0size=100000"u8.ToArray(),
            "DOTNET_EnableWriteXorExecute=0"u8.ToArray(), "DOTNET_LTTng=0"u8.ToArray(),
        ];
        AddOwn(environment, "DOTNET_ROOT");
        AddOwn(environment, "DOTNET_ROOT_X64");
        AddOwn(environment, "HOME");
        foreach (string name in names)
        {
            AddOwn(environment, name);
        }

        return environment;
    }

    private static void AddOwn(List<byte[]> environment, string name)
    {
        if (Environment.GetEnvironmentVariable(name) is { } value)
        {
            environment.Add(Encoding.UTF8.GetBytes($"{name}={value}"));
        }
    }
}
