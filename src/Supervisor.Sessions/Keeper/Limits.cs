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

    /// <summary>By the number of the resource; null where nothing is said. (No dictionary of numbers: that would have to be compiled in each keeper.)</summary>
    public static ulong?[] Of(SessionSpec spec)
    {
        ulong?[] limits = new ulong?[Resources];
        for (int resource = 0; resource < Resources; resource++)
        {
            if (spec.SoftLimits.TryGetValue(resource.ToString(CultureInfo.InvariantCulture), out string? value)
                && long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long soft))
            {
                limits[resource] = (ulong)soft;
            }
        }

        return limits;
    }

    /// <summary>
    /// Sets in this process, for the moment of a start, those that do it no harm: what is started inherits them. What lies above the hard
    /// limit is lowered to it. Returns what was, for <see cref="PutBack"/>.
    /// </summary>
    public static ulong?[] Take(ulong?[] limits)
    {
        ulong?[] before = new ulong?[Resources];
        for (int resource = 0; resource < Resources; resource++)
        {
            if (!IsOfUse(resource) && resource != Libc.RLIMIT_NOFILE && limits[resource] is { } soft)
            {
                before[resource] = Set(0, resource, soft);
            }
        }

        return before;
    }

    public static void PutBack(ulong?[] before)
    {
        for (int resource = 0; resource < Resources; resource++)
        {
            if (before[resource] is { } soft)
            {
                Set(0, resource, soft);
            }
        }
    }

    /// <summary>Gives the others to a process that has just begun: here they would count what this process has used itself.</summary>
    public static void Give(ulong?[] limits, int pid)
    {
        for (int resource = 0; resource < Resources; resource++)
        {
            if (IsOfUse(resource) && limits[resource] is { } soft)
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
