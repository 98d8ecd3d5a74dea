using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Portcullis.Benchmarks;

if (args is ["cpu", .. string[] names])
{
    CpuTimeReport.Run(names);
    return;
}

if (args is ["issuing", .. string[] options])
{
    await Portcullis.Benchmarks.Authority.IssuingReport.RunAsync(options);
    return;
}

// In this process: BenchmarkDotNet's own projects don't find the central package versions and the artifacts folder of this repository.
ManualConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance))
    .HideColumns(Column.Job, Column.Toolchain);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
