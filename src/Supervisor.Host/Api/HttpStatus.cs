using Microsoft.AspNetCore.Http;
using Supervisor.Protocol.Errors;

namespace Supervisor.Host.Api;

/// <summary>The HTTP status that goes with an error's code.</summary>
internal static class HttpStatus
{
    public static int Of(string code) => code switch
    {
        ErrorCode.InvalidArgument => StatusCodes.Status400BadRequest,
        ErrorCode.NotAllowed => StatusCodes.Status403Forbidden,
        ErrorCode.SessionNotFound or ErrorCode.UnknownPath => StatusCodes.Status404NotFound,
        ErrorCode.SessionExpired => StatusCodes.Status410Gone,
        ErrorCode.SessionAmbiguous or ErrorCode.SessionLive or ErrorCode.SessionEnded or ErrorCode.SessionLost
            or ErrorCode.SessionReadOnly or ErrorCode.OwnSession or ErrorCode.NameTaken or ErrorCode.Conflict
            or ErrorCode.CommandNotFound or ErrorCode.NotExecutable or ErrorCode.BadWorkingDirectory => StatusCodes.Status409Conflict,
        ErrorCode.Busy or ErrorCode.DaemonUnavailable or ErrorCode.JournalUnavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Timeout => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
