using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Serilog;
using Supervisor.Protocol.Errors;

namespace Supervisor.Host.Api;

/// <summary>Brings each request to its endpoint, bounds it in time, and turns every failure into the error's JSON.</summary>
/// <param name="endpoints">All there are.</param>
/// <param name="log">Gets what no caller can have caused.</param>
/// <param name="stopping">Cancelled when the daemon begins to stop.</param>
internal sealed class Dispatcher(IReadOnlyList<IEndpoint> endpoints, ILogger log, CancellationToken stopping)
{
    private readonly Router _router = new(endpoints);

    public async Task HandleAsync(HttpContext context)
    {
        using CancellationTokenSource cancelled = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            string path = context.Request.Path.Value ?? "";
            IEndpoint? endpoint = _router.Find(context.Request.Method, path, out IReadOnlyDictionary<string, string> segments, out IReadOnlyList<string> others);
            if (endpoint is null)
            {
                await RefuseAsync(context, others);
                return;
            }

            cancelled.CancelAfter(endpoint.Deadline);
            await endpoint.AnswerAsync(new ApiCall(context, segments, cancelled.Token));
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
        }
        catch (Exception e)
        {
            (int status, SupException error) = Describe(e, context);
            await TellAsync(context, status, error);
        }
    }

    private (int Status, SupException Error) Describe(Exception e, HttpContext context)
    {
        switch (e)
        {
            case SupException error:
                return (HttpStatus.Of(error.Code), error);
            case BadHttpRequestException bad:
                // Too large, too slow, or torn; the status says which.
                string why = bad.StatusCode switch
                {
                    StatusCodes.Status413PayloadTooLarge => "its body is larger than 1 MiB",
                    StatusCodes.Status408RequestTimeout => "its body came too slowly",
                    _ => "it is malformed",
                };
                return (bad.StatusCode, SupException.Usage($"the request cannot be read: {why}", "see docs/openapi.yaml"));
            case OperationCanceledException when stopping.IsCancellationRequested:
                return Known(ErrorCode.DaemonUnavailable, "the daemon is stopping", "ask again: the next daemon answers");
            case OperationCanceledException:
                return Known(ErrorCode.Timeout, "the daemon could not answer in time", "ask again");
            default:
                log.Error(e, "{Method:l} {Path:l} failed", context.Request.Method, context.Request.Path.Value);
                return Known(ErrorCode.Internal, "the daemon failed to do this: an internal error", "its log says more: sup daemon status");
        }
    }

    private static (int Status, SupException Error) Known(string code, string message, string hint) =>
        (HttpStatus.Of(code), new SupException(code, ExitCode.Failure, message, hint));

    private static Task RefuseAsync(HttpContext context, IReadOnlyList<string> others)
    {
        if (others.Count == 0)
        {
            return TellAsync(context, StatusCodes.Status404NotFound, new SupException(
                ErrorCode.UnknownPath, ExitCode.Usage, "the daemon has no such path", "docs/openapi.yaml lists them; a newer sup may know more than this daemon"));
        }

        string allowed = string.Join(", ", others);
        context.Response.Headers.Allow = allowed;
        return TellAsync(context, StatusCodes.Status405MethodNotAllowed, SupException.Usage("this path has no such method", $"use {allowed}"));
    }

    private static async Task TellAsync(HttpContext context, int status, SupException error)
    {
        try
        {
            HttpResponse response = context.Response;
            if (!response.HasStarted)
            {
                byte[] body = JsonSerializer.SerializeToUtf8Bytes(ErrorAnswer.Of(error), ErrorJson.Default.ErrorAnswer);
                response.StatusCode = status;
                response.ContentType = "application/json";
                response.ContentLength = body.Length;
                await response.Body.WriteAsync(body);
            }
            else if (LineReply.IsOn(response))
            {
                await new LineReply(response, CancellationToken.None).ErrorAsync(error);
            }
            else
            {
                // Half of an object is out: only the end of the connection can tell.
                context.Abort();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The caller has left.
        }
    }
}
