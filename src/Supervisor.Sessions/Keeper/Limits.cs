using System.Globalization;
using Supervisor.Protocol.Files;
using Supervisor.Sessions.Native;

namespace Supervisor.Sessions.Keeper;

/// <summary>The caller's soft limits (getrlimit(2)), as a session's spec has them.</summary>
internal static unsafe class Limits
{
    private const int Resources = 16;

    /// <summary>Of the calling process.</summary>
    /// <param name="openFiles">The limit of open files, which .NET has raised; null where that is not known.</param>
    public static Dictionary<string, string> Current(ulong? openFiles)
    {
        Dictionary<string, string> limits = new(StringComparer.Ordinal);
        for (int resource = 0; resource < Resources; resource++)
        {
            ResourceLimit limit;
            if (Libc.getrlimit(resource, &limit) == 0)
            {
                ulong soft = resource == Libc.RLIMIT_NOFILE ? openFiles ?? limit.Soft : limit.Soft;
                limits[resource.ToString(CultureInfo.InvariantCulture)] = ((long)soft).ToString(CultureInfo.InvariantCulture);
            }
        }

        return limits;
    }

    public static Dictionary<int, ulong> Of(SessionSpec spec)
    {
        Dictionary<int, ulong> limits = [];
        foreach ((string resource, string value) in spec.SoftLimits)
        {
            if (int.TryParse(resource, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < Resources
                && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long soft))
            {
                limits[number] = (ulong)soft;
            }
        }

        return limits;
    }

    /// <summary>
    /// Sets in this process, for the moment of a start, those that do it no harm: what is started inherits them. What lies above the hard
    /// limit is lowered to it. Returns what was, for <see cref="PutBack"/>.
    /// </summary>
    public static Dictionary<int, ulong> Take(SessionSpec spec)
    {
        Dictionary<int, ulong> before = [];
        foreach ((int resource, ulong soft) in Of(spec))
        {
            if (!IsOfUse(resource) && resource != Libc.RLIMIT_NOFILE && Set(0, resource, soft) is { } old)
            {
                before[resource] = old;
            }
        }

        return before;
    }

    public static void PutBack(Dictionary<int, ulong> before)
    {
        foreach ((int resource, ulong soft) in before)
        {
            Set(0, resource, soft);
        }
    }

    /// <summary>Gives the others to a process that has just begun: here they would count what this process has used itself.</summary>
    public static void Give(SessionSpec spec, int pid)
    {
        foreach ((int resource, ulong soft) in Of(spec))
        {
            if (IsOfUse(resource))
            {
                Set(pid, resource, soft);
            }
        }
    }

    /// <summary>CPU time, file size, data, address space.</summary>
    private static bool IsOfUse(int resource) => resource is 0 or 1 or 2 or 9;

    /// <summary>The soft limit before; null where nothing changes.</summary>
    private static ulong? Set(int pid, int resource, ulong soft)
    {
        ResourceLimit limit;
        if (Libc.prlimit(pid, resource, null, &limit) != 0 || limit.Soft == Math.Min(soft, limit.Hard))
        {
            return null;
        }

        ulong before = limit.Soft;
        limit.Soft = Math.Min(soft, limit.Hard);
        return Libc.prlimit(pid, resource, &limit, null) == 0 ? before : null;
    }
}
