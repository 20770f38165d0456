using Supervisor.Host;
using Supervisor.Host.Supervision;

return DaemonProgram.Run(args, new AkkaSupervision());
