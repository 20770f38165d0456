using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog.Extensions.Logging;
using Supervisor.Host.Api;

namespace Supervisor.Host;

/// <summary>Kestrel on the control socket, and nowhere else: HTTP/1.1, so that curl and any client can talk to it.</summary>
internal static class DaemonServer
{
    /// <summary>Each follower holds one.</summary>
    private const int MaxConnections = 1000;
    private const int MaxBodyBytes = 1024 * 1024, MaxHeaderBytes = 16 * 1024, MaxHeaders = 50, MaxLineBytes = 8 * 1024;
    private const int Backlog = 1024;

    private static readonly TimeSpan HeaderTime = TimeSpan.FromSeconds(5), IdleTime = TimeSpan.FromMinutes(1), StopTime = TimeSpan.FromSeconds(5);

    /// <summary>Bytes per second below which a body is given up, and how long that is tolerated.</summary>
    private static readonly MinDataRate BodyRate = new(240, TimeSpan.FromSeconds(5));

    /// <summary>A server that is not started yet.</summary>
    /// <param name="socket">Listens; the server closes it.</param>
    /// <param name="dispatcher">Gets every request.</param>
    /// <param name="log">For warnings of the framework.</param>
    public static WebApplication Create(int socket, Dispatcher dispatcher, Serilog.ILogger log)
    {
        // Empty: what the other builders add reads settings from the environment and from files beside the current folder,
        // which a caller's development settings must not reach.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddSingleton<IHostLifetime, OwnLifetime>();
        builder.Services.AddSingleton<ILoggerProvider>(new SerilogLoggerProvider(log));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = StopTime);
        builder.Services.Configure<SocketTransportOptions>(options => options.Backlog = Backlog);
        ConnectionGate gate = new(MaxConnections);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.MaxRequestHeaderCount = MaxHeaders;
            kestrel.Limits.MaxRequestLineSize = MaxLineBytes;
            kestrel.Limits.RequestHeadersTimeout = HeaderTime;
            kestrel.Limits.KeepAliveTimeout = IdleTime;
            kestrel.Limits.MinRequestBodyDataRate = BodyRate;
            kestrel.ListenHandle((ulong)socket, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => gate.HandleAsync(connection, next));
            });
        });
        WebApplication app = builder.Build();
        app.Run(dispatcher.HandleAsync);
        return app;
    }

    /// <summary>Signals are <see cref="DaemonProgram"/>'s.</summary>
    private sealed class OwnLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
