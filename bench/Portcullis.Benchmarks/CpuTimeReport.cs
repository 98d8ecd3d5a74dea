using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Portcullis.Benchmarks;

/// <summary>
/// The same benchmarks in processor time instead of wall time: on a machine that others use too it is the steadier figure. Prints the best of several rounds of a second; <c>cpu</c> as the first argument,
/// then the names of classes.
/// </summary>
internal static class CpuTimeReport
{
    private const int Rounds = 5;

    private static readonly MethodInfo s_wrap = typeof(CpuTimeReport).GetMethod(nameof(Wrap), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static void Run(string[] names)
    {
        IEnumerable<Type> types = typeof(CpuTimeReport).Assembly.GetTypes()
            .Where(t => t.GetMethods().Any(m => m.GetCustomAttribute<BenchmarkAttribute>() is not null))
            .Where(t => names.Length == 0 || names.Any(n => t.Name.Contains(n, StringComparison.OrdinalIgnoreCase)));
        foreach (Type type in types)
        {
            PropertyInfo? parameter = type.GetProperties().SingleOrDefault(p => p.GetCustomAttribute<ParamsAttribute>() is not null);
            object?[] values = parameter?.GetCustomAttribute<ParamsAttribute>()!.Values ?? [null];
            foreach (object? value in values)
            {
                object instance = Activator.CreateInstance(type)!;
                parameter?.SetValue(instance, value);
                type.GetMethods().SingleOrDefault(m => m.GetCustomAttribute<GlobalSetupAttribute>() is not null)?.Invoke(instance, null);
                foreach (MethodInfo method in type.GetMethods().Where(m => m.GetCustomAttribute<BenchmarkAttribute>() is not null))
                {
                    Console.WriteLine($"{type.Name,-28} {value,-6} {method.Name,-18} {Measure(instance, method):0.00} us CPU");
                }
            }
        }
    }

    private static double Measure(object instance, MethodInfo method)
    {
        // A delegate of the method's own type: what it returns is thrown away, unboxed.
        var once = (Action)s_wrap.MakeGenericMethod(method.ReturnType).Invoke(null, [instance, method])!;
        // Past the first tiers of the just-in-time compiler.
        Loop(once, TimeSpan.FromSeconds(1));
        return Enumerable.Range(0, Rounds).Min(_ => Loop(once, TimeSpan.FromSeconds(1)));
    }

    private static double Loop(Action once, TimeSpan processorTime)
    {
        TimeSpan start = Environment.CpuUsage.TotalTime;
        long count = 0;
        TimeSpan spent;
        do
        {
            for (int i = 0; i < 100; i++)
            {
                once();
            }

            count += 100;
            spent = Environment.CpuUsage.TotalTime - start;
        }
        while (spent < processorTime);

        return spent.TotalMicroseconds / count;
    }

    private static Action Wrap<T>(object instance, MethodInfo method)
    {
        var function = method.CreateDelegate<Func<T>>(instance);
        return () => function();
    }
}
